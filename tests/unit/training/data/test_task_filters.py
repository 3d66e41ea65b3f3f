from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from sandbox_runner.api import models
from service.domain.task import AssertTest, StdinTest
from tests.unit.training.data.set_rows import STATEMENT
from training.config import TasksConfig
from training.data.contamination import EvaluationIndex, Match
from training.data.filters import Dropped, Filters
from training.data.length import length_by
from training.data.limits import bounded
from training.data.source_task import SourceTask, Unusable
from training.run import StageError

CONFIG = TasksConfig.model_validate({"source": "taco", "path": "rows.jsonl"})
_MOST = 16 << 20
TASK = SourceTask("rows.jsonl, line 1", "taco", STATEMENT, (StdinTest("1", "2"),), (StdinTest("3", "4"),))


def filters(config: TasksConfig = CONFIG, *evaluation: str) -> Filters:
    index = EvaluationIndex([("set: 1", text) for text in evaluation], config.ngram, config.overlap)
    return Filters(config, length_by(None), index)


def words(count: int) -> SourceTask:
    return replace(TASK, problem=" ".join(f"w{n}" for n in range(count)))


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (TASK, None),
        (replace(TASK, public=(), hidden=()), Dropped.NO_TESTS),
        (replace(TASK, public=()), None),
        (replace(TASK, problem=STATEMENT + "<image>"), Dropped.IMAGE),
        (replace(TASK, problem=STATEMENT + '<span class="x">'), Dropped.MARKUP),
        (words(64), Dropped.SHORT),
        (words(65), None),
        (words(2047), None),
        (words(2048), Dropped.LONG),
    ],
)
def test_each_filter_drops_what_it_is_for(task: SourceTask, reason: Dropped | None) -> None:
    assert filters().verdict(task) == (reason, None)


def test_the_first_reason_in_the_papers_order_counts() -> None:
    poor = replace(TASK, problem="<span > <image>", public=(), hidden=())

    assert filters().verdict(poor)[0] is Dropped.NO_TESTS
    assert filters().verdict(replace(poor, public=TASK.public))[0] is Dropped.IMAGE
    assert filters().verdict(replace(TASK, problem="<span >"))[0] is Dropped.MARKUP


def test_the_same_statement_with_other_white_space_is_a_duplicate() -> None:
    seen = filters()
    seen.verdict(TASK)

    assert seen.verdict(replace(TASK, problem=STATEMENT.replace("\n", "  \n")))[0] is Dropped.DUPLICATE


def test_a_dropped_statement_makes_no_duplicates() -> None:
    seen = filters()
    seen.verdict(replace(TASK, public=(), hidden=()))

    assert seen.verdict(TASK)[0] is None


def test_a_task_of_an_evaluation_set_is_dropped_with_its_match() -> None:
    assert filters(CONFIG, STATEMENT.lower()).verdict(TASK) == (Dropped.CONTAMINATED, Match("set: 1", 1.0))


def test_two_problems_with_one_id_are_an_error() -> None:
    seen = filters()
    seen.verdict(replace(TASK, given_id="a"))

    with pytest.raises(StageError, match=r"line 1: id a is that of another problem"):
        seen.verdict(replace(words(70), given_id="a"))


def test_length_is_in_tokens_where_there_is_a_tokenizer(tmp_path: Path) -> None:
    tokenizer = Tokenizer(WordLevel({"a": 0, "-": 1}, unk_token="a"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))

    assert length_by(tmp_path)("a-a-a a") == 6
    assert length_by(None)("a-a-a a") == 2


def test_a_tokenizer_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"tokenizer.json is missing: tasks.tokenizer must name"):
        length_by(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(StageError, match=r"tokenizer.json: not a tokenizer"):
        length_by(tmp_path)


def test_a_limit_on_tests_keeps_public_ones_first() -> None:
    config = CONFIG.model_copy(update={"tests_limit": 1})

    task = bounded(TASK, config)

    assert (task.public, task.hidden) == (TASK.public, ())
    assert task.unusable == {Unusable.BEYOND_LIMIT: 1}


def test_a_test_too_large_to_send_is_left_out_and_smaller_ones_stay() -> None:
    large = StdinTest("x" * 500, "")
    config = CONFIG.model_copy(update={"tests_bytes": 200})

    task = bounded(replace(TASK, hidden=(large, *TASK.hidden)), config)

    assert task.hidden == TASK.hidden
    assert task.unusable == {Unusable.TOO_LARGE: 1}


def test_an_assert_longer_than_the_sandbox_reads_is_left_out() -> None:
    longest, longer = (AssertTest(f"assert f({'1' * count})") for count in (_MOST - 10, _MOST - 9))
    assert models.AssertTest.model_validate({"assert": longest.source})
    with pytest.raises(ValidationError):
        models.AssertTest.model_validate({"assert": longer.source})

    config = CONFIG.model_copy(update={"tests_bytes": 4 * _MOST})
    task = bounded(replace(TASK, hidden=(longer, longest)), config)

    assert task.hidden == (longest,)
    assert task.unusable == {Unusable.TOO_LARGE: 1}


def test_the_size_of_tests_is_that_of_all_of_a_problem() -> None:
    many = tuple(StdinTest(str(number), "x" * 50) for number in range(9))

    task = bounded(replace(TASK, hidden=many), CONFIG.model_copy(update={"tests_bytes": 250}))

    assert task.public == TASK.public
    assert 0 < len(task.hidden) < 4


def test_a_time_limit_is_cut_to_what_the_sandbox_may_give() -> None:
    assert bounded(replace(TASK, time_limit_s=1000.0), CONFIG).time_limit_s == CONFIG.longest_time_limit_s
    assert bounded(replace(TASK, time_limit_s=2.0), CONFIG).time_limit_s == 2.0
    assert bounded(TASK, CONFIG).time_limit_s is None

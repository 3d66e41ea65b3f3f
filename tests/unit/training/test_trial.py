from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from service.domain.chat import Completion, Message, Sampling, TokenUsage
from service.domain.critique import Critique, Judgment
from tests.rulings import HoldingJudge, ruled
from training.config import load_config
from training.evaluate.bench import Bench
from training.evaluate.critics import Remark, Reviewed
from training.evaluate.remembering import RememberingWriter
from training.evaluate.resampling import any_trial, approved_trial, last_trial, most_frequent_trial
from training.evaluate.trial import Rule, run_trial
from training.report.page import drawn
from training.tasks.mini import Problem, Split, problems

PROBLEM: Problem = next(iter(problems(Split.TEST, 9, 1)))


def program(code: str, *, right: bool = False, tokens: int = 5) -> Reviewed:
    return Reviewed(PROBLEM, code, ruled(right=right), tokens)


class Approving:
    """Says Correct to the programs it is told to, and Incorrect to all others."""

    def __init__(self, *approved: str) -> None:
        self.approved = approved
        self.seeds: list[int] = []

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        self.seeds.append(seed)
        judgments = [Judgment.CORRECT if item.code in self.approved else Judgment.INCORRECT for item in items]
        return [Remark(Critique("", judgment=judgment), 3) for judgment in judgments]


def better(
    number: int, _places: Sequence[int], items: Sequence[Reviewed], _critiques: Sequence[Critique]
) -> list[Reviewed]:
    return [program(f"{item.code}{number}", right=number == 0) for item in items]


def test_a_refinement_ends_when_its_reviewer_says_correct() -> None:
    trial = run_trial("x", [program("a"), program("b")], Approving("a", "b0"), better, Rule(3))

    assert trial.passed == ((False, False), (False, True), (False, True), (False, True))
    assert trial.tokens == ((5, 5), (8, 13), (8, 16), (8, 16))
    assert trial.judged == (Judgment.CORRECT, Judgment.INCORRECT)
    assert trial.similarity[0] is None
    assert trial.similarity[1] is not None


def test_a_refinement_that_never_stops_goes_on_after_correct() -> None:
    trial = run_trial("x", [program("a")], Approving("a"), better, Rule(2, stops=False))

    assert trial.passed == ((False,), (True,), (False,))


def test_no_round_waits_for_the_tests() -> None:
    judge = HoldingJudge()
    bench = Bench(CountingWriter(), judge, Sampling(max_tokens=16))
    drafts = bench.judged([PROBLEM], [("a", 5)])
    reviewer = Approving()

    with ThreadPoolExecutor(1) as other:
        trial = other.submit(
            run_trial, "x", drafts, reviewer, lambda _round, _places, *pair: bench.revised(*pair), Rule(3)
        )
        while len(reviewer.seeds) < 3 or len(judge.waiting) < 4:
            assert not trial.done()
            sleep(0.001)
        judge.rule()

    assert trial.result().passed == ((False,),) * 4


def test_each_round_draws_anew_and_the_same_after_a_restart() -> None:
    once, again = Approving(), Approving()

    run_trial("x", [program("a")], once, better, Rule(3))
    run_trial("x", [program("a")], again, better, Rule(3))

    assert len(set(once.seeds)) == 3
    assert once.seeds == again.seeds


def test_resampling_has_a_last_a_most_frequent_and_a_best_draft() -> None:
    drafts = [program("wrong")]
    fresh = [[program("x = 1", right=True)], [program("y = 2")], [program("z = 2")]]

    assert last_trial("x", drafts, fresh).passed == ((False,), (True,), (False,), (False,))
    assert most_frequent_trial("x", drafts, fresh).passed == ((False,), (False,), (False,), (False,))
    assert any_trial("x", drafts, fresh).passed == ((False,), (True,), (True,), (True,))
    assert last_trial("x", drafts, fresh).tokens == ((5,), (10,), (15,), (20,))


def test_equal_programs_with_other_names_agree() -> None:
    fresh = [[program("x = 1", right=True)], [program("y = 1", right=True)]]

    assert most_frequent_trial("x", [program("z = 2")], fresh).passed[-1] == (True,)


def test_resampling_stops_at_the_draft_that_a_critic_approves() -> None:
    fresh = [[program("b", right=True)], [program("c")]]

    assert approved_trial("x", [program("a")], fresh, Approving("b")).passed == ((False,), (True,), (True,))


class CountingWriter:
    """Writes back the last message and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.samplings: list[Sampling] = []

    def write(self, prompts: Sequence[list[Message]], sampling: Sampling, label: str) -> list[Completion]:
        self.asked += len(prompts)
        self.samplings.append(sampling)
        return [Completion(prompt[-1].content, "stop", TokenUsage()) for prompt in prompts]


def test_a_greedy_completion_is_written_once() -> None:
    counting = CountingWriter()
    writer = RememberingWriter(counting)
    prompts = [[Message("user", text)] for text in ("a", "b", "a")]

    texts = [c.text for c in writer.write(prompts, Sampling(temperature=0.0), "")]
    writer.write(prompts, Sampling(temperature=0.0), "")

    assert texts == ["a", "b", "a"]
    assert counting.asked == 2


def test_a_sampled_completion_is_always_written_anew() -> None:
    counting = CountingWriter()
    writer = RememberingWriter(counting)
    prompt = [Message("user", "a")]

    writer.write([prompt, prompt], Sampling(temperature=0.7), "")
    writer.write([prompt], Sampling(temperature=0.7), "")

    assert counting.asked == 3


def test_drafts_are_sampled_as_the_run_s_own_were_and_revisions_greedily() -> None:
    writer = CountingWriter()
    bench = Bench(writer, HoldingJudge(), Sampling(0.7, 0.8, 16))

    bench.drafted([PROBLEM], seed=3)
    bench.revised([program("a")], [Critique("", judgment=Judgment.INCORRECT)])

    assert writer.samplings == [Sampling(0.7, 0.8, 16, seed=3), Sampling(0.0, None, 16)]


@pytest.mark.parametrize(
    ("config", "words"),
    [("mini", "T=1"), ("qwen7b-1x8", "T=0.7, top-p 0.8"), ("qwen32b-8x8", "T=0.7, top-p 0.8")],
)
def test_the_report_tells_how_drafts_were_sampled(config: str, words: str) -> None:
    assert drawn(load_config(Path("configs") / f"{config}.toml").solve) == words

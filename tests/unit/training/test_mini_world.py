import random

import pytest

from service.domain.task import CallTest, StdinTest
from training.tasks.mini import (
    HIDDEN_TESTS,
    PUBLIC_TESTS,
    Problem,
    Split,
    composition_split,
    make_problem,
    problems,
)
from training.tasks.operations import ALL_OPERATIONS, SEEN_PHRASINGS
from training.tasks.pipeline import Shape, parse_lines, random_pipeline
from training.tasks.simulate import simulate
from training.tasks.slips import slip_count, with_slips


def draw(split: Split, count: int, seed: int = 1) -> list[Problem]:
    return list(problems(split, seed, count))


def test_the_same_seed_gives_the_same_problems() -> None:
    assert draw(Split.TEST, 30) == draw(Split.TEST, 30)
    assert draw(Split.TEST, 30) != draw(Split.TEST, 30, seed=2)


def test_thousands_of_problems_are_distinct() -> None:
    assert len({problem.task.problem for problem in draw(Split.TRAIN, 3000)}) > 2900


def test_no_test_composition_is_ever_seen_in_training() -> None:
    trained = {problem.reference.composition for problem in draw(Split.TRAIN, 2000)}

    assert trained.isdisjoint(problem.reference.composition for problem in draw(Split.TEST, 500))
    assert trained.isdisjoint(problem.reference.composition for problem in draw(Split.VALIDATION, 500))


def test_a_composition_has_one_split_whatever_its_constants() -> None:
    rng = random.Random(3)
    pipelines = [random_pipeline(rng, Shape.LIST_FUNCTION, 1) for _ in range(400)]
    splits: dict[str, set[Split]] = {}
    for pipeline in pipelines:
        splits.setdefault(pipeline.composition, set()).add(composition_split(pipeline))

    assert all(len(found) == 1 for found in splits.values())


def test_longer_problems_are_longer_than_any_in_training() -> None:
    longest = max(len(p.reference.steps) for p in draw(Split.TRAIN, 500))

    assert min(len(p.reference.steps) for p in draw(Split.OOD_LONGER, 100)) > longest


def test_unseen_phrasings_do_not_occur_in_training_statements() -> None:
    unseen = [op.phrasings[SEEN_PHRASINGS].split("{k}")[0] for op in ALL_OPERATIONS]
    told = " ".join(problem.task.problem for problem in draw(Split.TRAIN, 1000))

    distinctive = [phrase for phrase in unseen if len(phrase) > 15]
    assert not [phrase for phrase in distinctive if phrase in told]


def test_there_are_three_phrasings_seen_and_one_unseen_of_every_operation() -> None:
    assert all(len(set(op.phrasings)) == SEEN_PHRASINGS + 1 for op in ALL_OPERATIONS)


def test_all_program_shapes_occur() -> None:
    assert {problem.reference.shape for problem in draw(Split.TEST, 100)} == set(Shape)


def test_functions_are_called_and_programs_read_stdin() -> None:
    for problem in draw(Split.TEST, 60):
        tests = (*problem.task.tests, *problem.hidden)
        kind = StdinTest if problem.task.entry_point is None else CallTest

        assert all(isinstance(test, kind) for test in tests)
        assert len(tests) == PUBLIC_TESTS + HIDDEN_TESTS


def test_the_expected_values_are_what_the_printed_reference_computes() -> None:
    for problem in draw(Split.TEST, 80):
        if problem.task.entry_point is None:
            continue
        namespace: dict[str, object] = {}
        exec(problem.reference.code(), namespace)  # noqa: S102 - the world's own program
        solve = namespace["solve"]
        assert callable(solve)

        for test in problem.hidden:
            assert isinstance(test, CallTest)
            assert solve(*test.args) == test.expected


def test_a_reference_reads_back_as_its_own_steps() -> None:
    for problem in draw(Split.TRAIN, 300):
        steps = parse_lines(problem.reference.shape, problem.reference.code())

        assert all(step.does_as(found) for step, found in zip(problem.reference.steps, steps, strict=True))


def test_the_answers_of_a_problem_are_not_all_the_same() -> None:
    for problem in draw(Split.TEST, 100):
        answers = {repr(t.expected) if isinstance(t, CallTest) else t.stdout for t in _expecting(problem)}

        assert len(answers) > 1


def _expecting(problem: Problem) -> list[CallTest | StdinTest]:
    return [t for t in (*problem.task.tests, *problem.hidden) if isinstance(t, CallTest | StdinTest)]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_slip_changes_the_result_on_some_test(count: int) -> None:
    rng = random.Random(count)
    slipped = [
        (problem, with_slips(rng, problem.reference, count, problem.inputs))
        for problem in draw(Split.TRAIN, 150)
    ]

    changed = [pair for pair in slipped if pair[1] != pair[0].reference]
    assert len(changed) > 140
    assert not any(simulate(problem, wrong.code()).accepted for problem, wrong in changed)


def test_most_wrong_drafts_have_one_slip_and_none_has_more_than_three() -> None:
    rng = random.Random(0)
    counts = [slip_count(rng) for _ in range(1000)]

    assert set(counts) == {1, 2, 3}
    assert counts.count(1) > 500


def test_a_problem_can_be_drawn_for_every_split() -> None:
    for split in Split:
        assert make_problem(random.Random(1), split).task.problem

import pytest

from service.domain.task import AssertTest
from tests.unit.training.data.set_rows import PLUS, mbpp_plus_row
from training.data.mbpp_plus import mbpp_plus_task
from training.data.rows import Row
from training.data.source_task import SourceTask, Unusable
from training.run import StageError


def converted(**changes: object) -> SourceTask:
    return mbpp_plus_task(Row("rows.jsonl, line 1", mbpp_plus_row(**changes)))


def plus(inputs: str, results: str, loop: str = "assertion(pulled_out(*inp), exp, 0)") -> SourceTask:
    program = PLUS[: PLUS.index("inputs =")]
    program += (
        f"inputs = {inputs}\nresults = {results}\nfor i, (inp, exp) in enumerate(zip(inputs, results)):\n"
    )
    return converted(test=f"{program}    {loop}\n")


def sources(task: SourceTask) -> list[str]:
    return [test.source for test in task.hidden[1:] if isinstance(test, AssertTest)]


def test_the_first_assert_is_shown_and_all_others_decide() -> None:
    task = converted()

    assert (task.id, task.entry_point) == ("mbppplus-901", "pulled_out")
    assert task.problem.endswith("\n\nassert pulled_out(['red', 'red', 'blue']) == 1")
    assert task.public == (AssertTest("assert pulled_out(['red', 'red', 'blue']) == 1"),)
    assert task.hidden == (
        AssertTest("assert pulled_out(['blue']) == 0"),
        AssertTest("assert pulled_out(['red', 'red']) == 1"),
        AssertTest("assert pulled_out([]) == 0"),
        AssertTest("assert pulled_out(['red', 'blue']) == 0"),
    )


def test_a_float_is_compared_as_evalplus_does() -> None:
    assert sources(plus("[[2, 3]]", "[-20.5]")) == ["assert abs(pulled_out(2, 3) - -20.5) < 3.05e-06"]


def test_sets_are_compared_where_the_loop_compares_sets() -> None:
    task = plus("[[(1, 2), {3}]]", "[(2, 1)]", "assertion(set(pulled_out(*inp)), set(exp), 0)")

    assert sources(task) == ["assert set(pulled_out((1, 2), {3})) == set((2, 1))"]


def test_the_function_is_found_behind_a_view() -> None:
    assert converted(test_list=["assert set(pulled_out([1])) == {1}"]).entry_point == "pulled_out"


@pytest.mark.parametrize(
    ("inputs", "results", "loop"),
    [
        ("[[inf]]", "[1]", "assertion(pulled_out(*inp), exp, 0)"),
        ("[[1]]", "[len('x')]", "assertion(pulled_out(*inp), exp, 0)"),
        ("[7]", "[1]", "assertion(pulled_out(*inp), exp, 0)"),
        ("[[1]]", "[1]", "assertion(pulled_out(*inp), ref_func(*inp), 0)"),
        ("[[1]]", "[1]", "assertion(another(*inp), exp, 0)"),
        ("[[1]]", "made()", "assertion(pulled_out(*inp), exp, 0)"),
        ("[[1]", "[1]", "assertion(pulled_out(*inp), exp, 0)"),
    ],
)
def test_what_is_no_literal_is_left_out_and_counted(inputs: str, results: str, loop: str) -> None:
    task = plus(inputs, results, loop)

    assert sources(task) == []
    assert task.unusable[Unusable.UNREADABLE] == 1


def test_a_test_list_of_another_kind_is_named() -> None:
    with pytest.raises(StageError, match="test_list must be a list of asserts"):
        converted(test_list="assert pulled_out([]) == 0")

import pytest

from service.domain.task import AssertTest, CallTest, StdinTest
from training.data.plain import plain_task
from training.data.rows import Row
from training.data.source_task import SourceTask
from training.run import StageError
from training.tasks.records import task_of, time_limit_of


def read(**fields: object) -> SourceTask:
    return plain_task(Row("own.jsonl, line 3", {"problem": "Add two numbers."} | fields))


def test_tests_of_every_kind_are_read() -> None:
    calls = read(
        entry_point="add", tests=[{"args": [1, 2], "expected": 3}], hidden_tests=[{"assert": "assert 1"}]
    )
    program = read(tests=[{"stdin": "1 2", "stdout": "3"}])

    assert calls.public == (CallTest((1, 2), 3),)
    assert calls.hidden == (AssertTest("assert 1"),)
    assert program.public == (StdinTest("1 2", "3"),)


def test_a_record_comes_back_from_json_as_the_task_it_was() -> None:
    task = read(
        id="own-1",
        entry_point="add",
        tests=[{"args": [1], "kwargs": {"b": 2}, "expected": 3, "equality": "numbers"}],
        hidden_tests=[{"args": [2, 2], "expected": 4}],
        time_limit_s=2,
    )

    record = task.to_json()

    assert record["id"] == "own-1"
    assert task_of(record, hidden=True).tests == (*task.public, *task.hidden)
    assert task_of(record, hidden=False).tests == task.public
    assert time_limit_of(record) == 2.0


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (
            {"tests": [{"args": [1], "expected": 1}]},
            r"tests\[0\]: calls a function, but entry_point is missing",
        ),
        (
            {"entry_point": "f", "hidden_tests": [{"stdin": "", "stdout": ""}]},
            r"hidden_tests\[0\]: reads stdin",
        ),
        ({"tests": [{"input": "1", "output": "2"}]}, r'tests\[0\]: a test is \{"stdin", "stdout"\}'),
        ({"entry_point": "f", "tests": [{"args": 1, "expected": 1}]}, r"tests\[0\]: a test is"),
        ({"entry_point": "f", "tests": [{"expected": float("nan")}]}, r"tests\[0\]: numbers must be finite"),
        ({"tests": "assert"}, r"tests must be a list of tests, found str"),
        ({"time_limit_s": 0}, r"time_limit_s must be a number above 0, found 0"),
        ({"problem": None}, r"problem is missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(StageError, match=rf"own.jsonl, line 3: {complaint}"):
        read(**fields)

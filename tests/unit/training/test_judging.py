from service.domain.task import Candidate, StdinTest, Task
from service.domain.verdict import Verdict
from tests.recording_sandbox import recording_sandbox
from training.judging import judge_all

TASK = Task("Echo.", tests=(StdinTest("1", "1"),))


def test_every_judging_has_its_own_time_limit() -> None:
    judgings = [(TASK, Candidate("print(input())"))] * 3

    with recording_sandbox() as sandbox:
        verdicts = judge_all(sandbox.url, judgings, "judging", [1.0, None, 2.5])

    outcomes = [verdict.outcome.value for verdict in verdicts if isinstance(verdict, Verdict)]
    assert outcomes == ["time_limit", "accepted", "accepted"]
    assert sorted(str(body.get("limits")) for body in sandbox.bodies) == [
        "None",
        "{'cpu_s': 1.0}",
        "{'cpu_s': 2.5}",
    ]


def test_equal_judgings_are_sent_once() -> None:
    same, other = Candidate("print(input())"), Candidate("print(1)")

    with recording_sandbox() as sandbox:
        verdicts = judge_all(sandbox.url, [(TASK, same), (TASK, other), (TASK, same)], "judging")

    assert len(verdicts) == 3
    assert sorted(body["code"] for body in sandbox.bodies) == ["print(1)", "print(input())"]

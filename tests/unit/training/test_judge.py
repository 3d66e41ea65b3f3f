import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.domain.errors import SandboxError
from tests.recording_sandbox import RecordingSandbox, recording_sandbox
from training.errors import StageError
from training.evaluate.judge import BackgroundJudge
from training.tasks.mini import Split, problems

PROBLEM, OTHER = problems(Split.TEST, 9, 2)


@pytest.fixture
def sandbox() -> Iterator[RecordingSandbox]:
    with recording_sandbox() as server:
        yield server


def codes(sandbox: RecordingSandbox) -> list[str]:
    return sorted(body["code"] for body in sandbox.bodies)


def test_a_program_of_a_problem_is_judged_once(sandbox: RecordingSandbox, tmp_path: Path) -> None:
    with BackgroundJudge(sandbox.url, tmp_path / "rulings.jsonl") as judge:
        asked = [(PROBLEM, "x = 1"), (PROBLEM, "x = 1"), (OTHER, "x = 1"), (PROBLEM, "x = 2")]
        rulings = [judge.submit(*each) for each in asked]

        assert all(ruling.result().accepted for ruling in rulings)
    assert codes(sandbox) == ["x = 1", "x = 1", "x = 2"]


def test_a_restart_judges_nothing_anew_but_what_a_kill_tore(
    sandbox: RecordingSandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rulings.jsonl"
    with BackgroundJudge(sandbox.url, path) as judge:
        for code in ("x = 1", "x = 2"):
            judge.submit(PROBLEM, code).result()
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-5], encoding="utf-8")

    with BackgroundJudge(sandbox.url, path) as judge:
        again = [judge.submit(PROBLEM, code).result() for code in ("x = 1", "x = 2")]

    assert codes(sandbox) == ["x = 1", "x = 2", "x = 2"]
    assert all(ruling.accepted and ruling.hint == "The program passes every test." for ruling in again)
    assert path.read_text(encoding="utf-8") == whole


def test_tests_that_can_judge_no_program_name_their_problem(
    sandbox: RecordingSandbox, tmp_path: Path
) -> None:
    sandbox.unfit = getattr(PROBLEM.task.tests[0], "stdin", "")
    with BackgroundJudge(sandbox.url, tmp_path / "rulings.jsonl") as judge:
        asked = judge.submit(PROBLEM, "x = 1")

        with pytest.raises(StageError, match=rf"the tests of {PROBLEM.id} cannot be run: tests\.0: it never"):
            asked.result()


def test_every_test_of_a_problem_decides(sandbox: RecordingSandbox, tmp_path: Path) -> None:
    with BackgroundJudge(sandbox.url, tmp_path / "rulings.jsonl") as judge:
        judge.submit(PROBLEM, "x = 1").result()

    (body,) = sandbox.bodies
    assert len(body["tests"]) == len(PROBLEM.task.tests) + len(PROBLEM.hidden)


@pytest.mark.parametrize("status", [200, 400])
def test_what_could_not_be_judged_is_raised_and_not_kept(
    sandbox: RecordingSandbox, tmp_path: Path, status: int
) -> None:
    sandbox.status, sandbox.outcome = status, "internal_error"
    with BackgroundJudge(sandbox.url, tmp_path / "rulings.jsonl") as judge:
        with pytest.raises(SandboxError):
            judge.submit(PROBLEM, "x = 1").result()

        sandbox.status, sandbox.outcome = 200, None
        assert (tmp_path / "rulings.jsonl").read_text(encoding="utf-8") == ""


def test_an_error_elsewhere_does_not_wait_for_programs_that_nobody_asks_for(
    sandbox: RecordingSandbox, tmp_path: Path
) -> None:
    def breaks() -> None:
        with BackgroundJudge(sandbox.url, tmp_path / "rulings.jsonl") as judge:
            for number in range(2000):
                judge.submit(PROBLEM, f"x = {number}")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks()
    assert len(sandbox.bodies) < 2000


def test_a_code_that_is_no_text_is_kept_as_it_is(sandbox: RecordingSandbox, tmp_path: Path) -> None:
    path = tmp_path / "rulings.jsonl"
    for _ in range(2):
        with BackgroundJudge(sandbox.url, path) as judge:
            judge.submit(replace(PROBLEM), "x = '\ud800é'").result()

    assert len(sandbox.bodies) == 1
    assert json.loads(path.read_text(encoding="utf-8"))["code"] == "x = '\ud800é'"

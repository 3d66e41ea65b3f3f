"""`ctrl trace`: a refinement read again, from the gateway or from a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.commands import app
from tests.fakes import ScriptedSandbox, verdict_of
from tests.unit.api.world import NOTICE, RIGHT, TESTS, World, events_of, post
from tests.unit.cli.serving import serving
from tests.unit.client.job_server import JobServer

ASK = {"problem": "Add one.", "entry_point": "f", "tests": TESTS}


def _run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


async def _refinement(**fields: object) -> dict[str, Any]:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    answer: dict[str, Any] = (await post(world, "/refine", ASK | fields)).json()
    return answer


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    path = tmp_path / "refinement.json"
    path.write_text(json.dumps(await _refinement()), encoding="utf-8")
    return path


def test_a_trace_shows_who_wrote_what_and_what_was_said_of_it(file: Path) -> None:
    code, shown, _ = _run("trace", str(file))

    assert code == 0
    for part in (
        "generator mini-generator (embedded), critic mini-critic (embedded)",
        NOTICE,
        "draft: 7 + ",
        "Tests: 0/1 passed, wrong answer",
        "Analysis: It fails for odd numbers.",
        "Suggestions: Handle odd numbers.",
        "Judgment: incorrect",
        "revision 1: ",
        "-    return x",
        "+    return x + 1",
        "Tests: 1/1 passed",
        "Judgment: correct",
        "2 generator, 2 critic",
        "solved: judged correct",
    ):
        assert part in shown


async def test_parallel_candidates_are_told_apart_and_compared_with_their_own(tmp_path: Path) -> None:
    path = tmp_path / "parallel.json"
    path.write_text(json.dumps(await _refinement(candidates=2)), encoding="utf-8")
    shown = _run("trace", str(path))[1]

    assert "candidate 0, draft" in shown
    assert "candidate 1, draft" in shown


def test_json_is_read_again_to_the_same_trace(file: Path) -> None:
    told = _run("trace", str(file), "--json")[1]

    assert json.loads(told)["refinement"] == json.loads(file.read_text(encoding="utf-8"))
    assert _run("trace", "-", stdin=told) == _run("trace", str(file))


async def test_a_refinement_of_a_gateway_is_found_by_its_id() -> None:
    streamed = events_of((await post(World(), "/refine", ASK | {"stream": True})).text)
    server = JobServer([(event.name, event.data) for event in streamed])
    with serving(server.app()) as url:
        _run("refine", "-", "--background", "--url", url, stdin=json.dumps(ASK))
        code, shown, _ = _run("trace", "rf_1", "--url", url)

    assert code == 0
    assert " is completed" in shown
    assert "+    return x + 1" in shown


def test_what_failed_says_why(tmp_path: Path) -> None:
    path = tmp_path / "failed.json"
    problem = {"title": "The critic failed", "detail": "gone\x1b[31m"}
    path.write_text(
        json.dumps({"id": "rf_1", "status": "failed", "rounds": [], "problem": problem}), encoding="utf-8"
    )
    shown = _run("trace", str(path))[1]

    assert "rf_1 is failed" in shown
    assert "The critic failed: gone\ufffd[31m" in shown


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", "[]", "holds no refinement"),
        ("a.json", '{"problem": "x"}', "holds no refinement"),
        ("a.json", '{"rounds": 5}', "holds no refinement"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    code, _, said = _run("trace", str(tmp_path / name))

    assert code == 2
    assert reason in said


def test_an_id_that_is_none_is_refused() -> None:
    code, _, said = _run("trace", "../etc/passwd")

    assert code == 2
    assert "there is no such file" in said

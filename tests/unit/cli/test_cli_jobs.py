"""`ctrl jobs` and `ctrl refine --background`: what is left to a gateway, and come back to."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from service.cli.commands import app
from tests.unit.api.world import RIGHT, WRONG, World, events_of, post
from tests.unit.cli.serving import serving
from tests.unit.client.job_server import JobServer

ASK = {"problem": "Add one.", "entry_point": "f"}
FAILED = {"id": "rf_1", "problem": {"title": "The critic failed", "status": 502, "detail": "gone"}}


def _run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
async def server() -> JobServer:
    """Build a server whose jobs are real refinements."""
    streamed = events_of((await post(World(), "/refine", ASK | {"stream": True})).text)
    return JobServer([(event.name, event.data) for event in streamed], breaks=[4])


@pytest.fixture
def url(server: JobServer) -> Iterator[str]:
    with serving(server.app()) as url:
        yield url


async def test_a_refinement_is_left_to_the_gateway_shown_and_watched(url: str) -> None:
    begun = _run("refine", "-", "--background", "--url", url, stdin=json.dumps(ASK))
    shown = _run("jobs", "show", "rf_1", "--url", url)
    watched = _run("jobs", "watch", "rf_1", "--url", url)

    assert (begun[0], shown[0], watched[0]) == (0, 0, 0)
    assert "ctrl jobs watch rf_1" in begun[1]
    for part in (" is completed", "Judgment: incorrect", "return x + 1", "solved: judged correct"):
        assert part in shown[1]
    for part in ("draft", WRONG.splitlines()[1], "revision 1", "+    return x + 1", "solved: judged correct"):
        assert part in watched[1]


@pytest.mark.parametrize("command", ["show", "watch"])
async def test_whoever_has_to_wait_is_told_once_for_what(server: JobServer, url: str, command: str) -> None:
    _run("refine", "-", "--background", "--url", url, stdin=json.dumps(ASK))
    server.refuses = 2

    status, _, said = _run("jobs", command, "rf_1", "--url", url, "--json")

    assert status == 0
    assert said.count("Durable refinements are not available: redis: gone; asking again") == 1


async def test_json_is_the_answer_alone(url: str) -> None:
    begun = _run("refine", "-", "--background", "--url", url, "--json", stdin=json.dumps(ASK))
    shown = _run("jobs", "show", "rf_1", "--url", url, "--json")
    watched = _run("jobs", "watch", "rf_1", "--url", url, "--json")

    assert json.loads(begun[1])["id"] == "rf_1"
    assert json.loads(shown[1])["refinement"]["solution"] == RIGHT
    assert json.loads(watched[1])["solution"] == RIGHT


async def test_a_job_is_cancelled(server: JobServer, url: str) -> None:
    _run("refine", "-", "--background", "--url", url, stdin=json.dumps(ASK))
    code, said, _ = _run("jobs", "cancel", "rf_1", "--url", url)
    shown, _, _ = _run("jobs", "show", "rf_1", "--url", url)

    assert (code, said) == (0, "rf_1 is cancelled\n")
    assert server.cancelled == {"rf_1"}
    assert shown == 1


def test_a_job_that_failed_says_why() -> None:
    with serving(JobServer([("refinement.failed", FAILED)]).app()) as url:
        _run("refine", "-", "--background", "--url", url, stdin=json.dumps(ASK))
        shown = _run("jobs", "show", "rf_1", "--url", url)
        watched = _run("jobs", "watch", "rf_1", "--url", url)

    assert shown[0] == 1
    assert "The critic failed: gone" in shown[1]
    assert watched[0] == 3
    assert "The critic failed: gone" in watched[2]


def test_wrong_ids_exit_with_two() -> None:
    with serving(JobServer([("refinement.failed", FAILED)]).app()) as url:
        unknown = _run("jobs", "show", "rf_9", "--url", url)
        wrong = _run("jobs", "cancel", "../health", "--url", url)

    assert (unknown[0], wrong[0]) == (2, 2)
    assert "no refinement rf_9" in unknown[2]
    assert "no id of a refinement" in wrong[2]

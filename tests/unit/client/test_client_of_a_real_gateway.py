"""The client and `ctrl jobs` against the gateway itself, whose models alone are fakes."""

import asyncio
import json
import threading

import httpx
import pytest
from typer.testing import CliRunner

from service.cli.commands import app
from service.client import AsyncClient
from service.client.errors import GatewayError, JobCancelledError, ProblemError
from service.domain.errors import GeneratorError
from tests.fakes import ScriptedGenerator, lasting
from tests.unit.api.world import RIGHT, WRONG, World, until
from tests.unit.cli.serving import serving
from tests.unit.client.either import KINDS, ask

ASK = {"problem": "Add one.", "entry_point": "f"}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refinement_is_left_to_the_gateway_and_waited_for(kind: str) -> None:
    with serving(World().app()) as url:
        begun = await ask(kind, url, "start", ASK)
        whole = await ask(kind, url, "wait", begun.id)
        job = await ask(kind, url, "job", begun.id)
        events = await ask(kind, url, "job_events", begun.id)
        rest = await ask(kind, url, "job_events", begun.id, after="3")

    assert begun.status in {"queued", "in_progress"}
    assert whole.solution == RIGHT
    assert (job.status, job.refinement) == ("completed", whole)
    assert [event.id for event in rest] == [event.id for event in events[3:]]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_comes_whole_where_no_stream_is_wanted(kind: str) -> None:
    world = World()
    with serving(world.app()) as url:
        whole = await ask(kind, url, "refine", ASK, stream=False)
        one = await ask(kind, url, "refine", ASK, stream=False, key="k")
        same = await ask(kind, url, "refine", ASK, stream=False, key="k")

    assert whole.solution == RIGHT
    assert one.id == same.id
    assert world.critic.streams_begun == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_what_failed_and_what_was_cancelled_are_told_apart(kind: str) -> None:
    fault = lasting(GeneratorError("the generator is gone"))
    failing = World(generator=ScriptedGenerator([""], fault=fault))
    with serving(failing.app()) as url:
        begun = await ask(kind, url, "start", ASK)
        with pytest.raises(ProblemError, match="the generator is gone"):
            await ask(kind, url, "wait", begun.id)
        assert (await ask(kind, url, "job", begun.id)).status == "failed"
    hanging = World(generator=ScriptedGenerator([WRONG], hangs_at=1))
    with serving(hanging.app()) as url:
        begun = await ask(kind, url, "start", ASK)
        await until(lambda: hanging.generator.calls == 2)
        assert (await ask(kind, url, "cancel", begun.id)).status == "cancelled"
        with pytest.raises(JobCancelledError):
            await ask(kind, url, "wait", begun.id)


@pytest.mark.parametrize("kind", KINDS)
async def test_who_waits_for_what_somebody_else_cancels_is_told_so(kind: str) -> None:
    hanging = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    with serving(hanging.app()) as url:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_refusal(kind, url, ASK | {"stream": False}))
            await until(lambda: hanging.generator.calls == 1)
            async with httpx.AsyncClient(base_url=url) as client:
                headers = {"Idempotency-Key": "k", "Prefer": "wait=0"}
                handed = await client.post("/refine", json=ASK | {"stream": False}, headers=headers)
                await client.delete(handed.headers["location"])

    assert isinstance(waiting.result(), JobCancelledError)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_job_is_begun_though_its_request_asks_for_events_and_none_is_waited_for_whole(
    kind: str,
) -> None:
    with serving(World().app()) as url:
        begun = await ask(kind, url, "start", ASK, stream=True)
        refused = await _refusal(kind, url, ASK | {"stream": False, "background": True})

    assert begun.id.startswith("rf_")
    assert "begin such a one by `start`" in str(refused)


async def _refusal(kind: str, url: str, body: dict[str, object]) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        await ask(kind, url, "refine", body, key="k")
    return refused.value


async def test_a_key_joins_the_clients_of_one_refinement() -> None:
    world, opened = World(), threading.Event()

    async def wait() -> None:
        # The gateway has a thread, and a loop, of its own.
        while not opened.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    world.generator.before = wait
    with serving(world.app()) as url:
        async with AsyncClient(url) as client, asyncio.TaskGroup() as group:
            asking = [group.create_task(client.refine(ASK, key="k")) for _ in range(5)]
            await until(lambda: world.generator.in_flight == 1)
            opened.set()

    assert len({one.result().id for one in asking}) == 1
    assert world.generator.calls == 2


def test_the_command_line_leaves_shows_watches_and_cancels() -> None:
    with serving(World().app()) as url:
        begun = _ctrl("refine", "-", "--background", "--json", "--url", url, stdin=json.dumps(ASK))
        job_id = json.loads(begun)["id"]
        watched = _ctrl("jobs", "watch", job_id, "--url", url)
        shown = _ctrl("jobs", "show", job_id, "--url", url)
        cancelled = _ctrl("jobs", "cancel", job_id, "--url", url)

    assert "solved: judged correct" in watched
    assert "is completed" in shown
    assert "is completed" in cancelled


def test_what_was_cancelled_is_not_solved_and_no_part_has_failed() -> None:
    with serving(World(generator=ScriptedGenerator([WRONG], hangs_at=0)).app()) as url:
        begun = _ctrl("refine", "-", "--background", "--json", "--url", url, stdin=json.dumps(ASK))
        job_id = json.loads(begun)["id"]
        _ctrl("jobs", "cancel", job_id, "--url", url)
        watched = CliRunner().invoke(app, ["jobs", "watch", job_id, "--url", url])

    assert watched.exit_code == 1
    assert "was cancelled" in watched.stderr


def _ctrl(*arguments: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.stdout + result.stderr

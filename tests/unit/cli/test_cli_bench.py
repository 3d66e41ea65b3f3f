"""`ctrl bench`: what is measured is what the gateway did, and what it refused is told apart."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from service.cli.bench.load import Load
from service.cli.bench.measures import spread
from service.cli.commands import app
from service.domain.errors import GeneratorError, SandboxError
from tests.fakes import CORRECT, FakeChatModel, ScriptedGenerator, ScriptedSandbox, lasting
from tests.unit.api.world import RIGHT, World, until
from tests.unit.cli.serving import serving

Json = dict[str, Any]


def _world(**changes: Any) -> World:
    """Build a world whose every draft is right."""
    changes.setdefault("generator", ScriptedGenerator([RIGHT]))
    return World(critic=FakeChatModel([CORRECT]), **changes)


def _bench(url: str, *options: str) -> tuple[int, Json, str]:
    result = CliRunner().invoke(app, ["bench", "--url", url, "--json", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


def test_every_request_is_measured_and_the_warm_up_is_not() -> None:
    world = _world()
    with serving(world.app()) as url:
        code, told, _ = _bench(url, "--requests", "6", "--concurrency", "2", "--warmup", "3")

    assert code == 0
    assert world.generator.calls == 9
    assert (told["requests"], told["answered"], told["failed"], told["refused_429"]) == (6, 6, 0, 0)
    assert told["latency_s"]["samples"] == 6
    assert told["first_event_s"]["samples"] == told["first_text_s"]["samples"] == 3
    assert told["overhead_ms"]["samples"] == 3
    assert told["models"] == ["mini-critic", "mini-generator"]
    assert told["per_second"] == pytest.approx(6 / told["seconds"], rel=0.05)
    assert 0 < told["latency_s"]["p50"] <= told["latency_s"]["p90"] <= told["latency_s"]["max"]


def test_no_two_requests_ask_for_the_same_call() -> None:
    world = _world()
    with serving(world.app()) as url:
        _bench(url, "--requests", "5", "--rate", "1000", "--warmup", "2")

    seeds = [sampling.seed for sampling in world.generator.samplings]
    assert len(set(seeds)) == 7


def test_judgings_are_measured_too() -> None:
    world = _world()
    with serving(world.app()) as url:
        code, told, _ = _bench(url, "--judge", "--requests", "4", "--concurrency", "2")

    assert (code, told["what"], told["answered"], told["overhead_ms"]["samples"]) == (0, "judge", 4, 4)
    assert told["programs_per_second"] == pytest.approx(2 * told["per_second"], rel=0.01)
    assert told["first_event_s"] is None
    assert world.generator.calls == 0


def test_a_judging_that_a_broken_part_spoilt_is_an_error() -> None:
    with serving(_world(sandbox=ScriptedSandbox(fault=SandboxError("gone"))).app()) as url:
        code, told, _ = _bench(url, "--judge", "--requests", "2", "--warmup", "0")

    assert (code, told["answered"], told["errors"]) == (1, 0, {"502 The sandbox failed": 2})


def test_errors_are_told_by_kind_and_a_quota_apart() -> None:
    count = 0

    async def moody(request: Request) -> JSONResponse:
        nonlocal count
        count += 1
        status = {0: 429, 1: 429, 2: 503}.get(count % 4, 502)
        return JSONResponse({"title": "No", "status": status}, status)

    with serving(Starlette(routes=[Route("/refine", moody, methods=["POST"])])) as url:
        code, told, _ = _bench(url, "--requests", "8", "--concurrency", "1", "--warmup", "0")

    assert (code, told["answered"], told["refused_429"], told["failed"]) == (1, 0, 4, 4)
    assert told["errors"] == {"503 No": 2, "502 No": 2}
    assert told["latency_s"] is None
    assert count == 8


def test_a_refinement_that_fails_in_its_stream_is_told_by_its_own_status() -> None:
    generator = ScriptedGenerator([RIGHT], fault=lasting(GeneratorError("gone")))
    with serving(_world(generator=generator).app()) as url:
        code, told, _ = _bench(url, "--requests", "1", "--warmup", "0")

    assert (code, told["errors"]) == (1, {"502 The generator failed": 1})


def test_what_would_fail_every_request_is_said_in_the_warm_up() -> None:
    with serving(_world().app()) as url:
        wrong, _, said = _bench(url, "--critic", "nobody")
    gone, _, nobody = _bench("http://127.0.0.1:9")

    assert (wrong, gone) == (2, 3)
    assert "critic: unknown model 'nobody'" in said
    assert "no gateway answers at http://127.0.0.1:9; start one with `ctrl up`, or name it by --url" in nobody


def test_requests_of_a_file_take_turns(tmp_path: Path) -> None:
    rows = [{"id": 1, "problem": "One.", "shape": "x", "hidden_tests": []}, {"problem": "Two."}]
    several, one, prose = (tmp_path / name for name in ("several.jsonl", "one.json", "prose.md"))
    several.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    one.write_text(json.dumps(rows[1]), encoding="utf-8")
    prose.write_text("Three.", encoding="utf-8")
    world = _world()
    with serving(world.app()) as url:
        for path in (several, one, prose):
            _bench(url, "--problem", str(path), "--requests", "2", "--concurrency", "1", "--warmup", "0")

    asked = [conversation[-1].content for conversation in world.critic.conversations]
    words = [next(word for word in ("One.", "Two.", "Three.") if word in text) for text in asked]
    assert words == ["One.", "Two.", "Two.", "Two.", "Three.", "Three."]


def test_requests_that_cannot_be_are_named(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    said = []
    for text in ("", "[]", '{"problem": " "}', '{"problem": "p", "colour": "red"}'):
        path.write_text(text, encoding="utf-8")
        code, _, complaint = _bench("http://127.0.0.1:9", "--problem", str(path))
        assert code == 2
        said.append(complaint)

    assert all(complaint.startswith("ctrl: --problem: ") for complaint in said)
    assert "holds no request" in said[0]
    assert "colour: " in said[3]
    assert _bench("http://127.0.0.1:9", "--judge", "--rounds", "2")[0] == 2


def test_stopped_it_tells_what_was_measured_so_far() -> None:
    world = _world(generator=ScriptedGenerator([RIGHT], hangs_at=3))
    options = ["--requests", "50", "--concurrency", "1", "--warmup", "0", "--json"]
    with serving(world.app()) as url:
        command = [sys.executable, "-m", "service.cli", "bench", "--url", url, *options]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while world.generator.calls < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        said, complaints = running.communicate(timeout=60)

    told = json.loads(said)
    assert running.returncode == 130
    assert (told["answered"], told["stopped"], told["failed"]) == (3, True, 0)
    assert b"Traceback" not in complaints


def test_a_table_is_for_people() -> None:
    with serving(_world().app()) as url:
        result = CliRunner().invoke(app, ["bench", "--url", url, "--requests", "4"])

    assert result.exit_code == 0
    for label in ("latency", "first event of a stream", "first text of a stream", "the gateway's own time"):
        assert label in result.stdout
    assert "4 refinements in " in result.stdout


async def test_at_a_rate_requests_come_whether_others_are_answered_or_not() -> None:
    came: list[int] = []
    opened = asyncio.Event()

    async def send(number: int, _: float) -> None:
        came.append(number)
        await opened.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(Load(20, 15, rate=100_000.0).run(send))
        await until(lambda: len(came) == 15)
        await asyncio.sleep(0.05)
        assert len(came) == 15
        opened.set()

    assert sorted(came) == list(range(20))


async def test_a_place_that_is_waited_for_counts_as_latency() -> None:
    moments: list[tuple[float, float]] = []

    async def send(_: int, came: float) -> None:
        moments.append((came, time.perf_counter()))
        await asyncio.sleep(0.01)

    await Load(5, 1, rate=100_000.0).run(send)

    waits = [began - came for came, began in moments]
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_percentiles_lie_between_the_values() -> None:
    assert spread([]) is None
    assert spread([2.0]) == {"p50": 2.0, "p90": 2.0, "p99": 2.0, "max": 2.0, "samples": 1}
    assert spread(list(range(101))) == {"p50": 50, "p90": 90, "p99": 99, "max": 100, "samples": 101}

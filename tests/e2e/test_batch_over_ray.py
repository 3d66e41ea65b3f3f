"""`ctrl batch --engine ray` on a real Ray: what `--engine local` says, in parts, through kills."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from service.cli.batch.spread.parts import PART_ROWS
from service.cli.commands import app
from service.domain.errors import ModelError
from tests.fakes import CORRECT, FakeChatModel, ScriptedGenerator
from tests.unit.api.conftest import log
from tests.unit.api.world import RIGHT, World
from tests.unit.cli.serving import serving

__all__ = ["log"]

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install '.[ray]'"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),  # Ray copies settings that it has given up
]

Json = dict[str, Any]

ROWS: list[Json] = [
    *({"id": number, "problem": f"Add {number}."} for number in range(3)),
    {"id": "3", "problem": "Text for an id.", "rounds": 1},
    {"problem": "Asked twice."},
    {"problem": "Asked twice."},
    {"problem": "With tests.", "entry_point": "f", "tests": [{"args": [3], "expected": 4}]},
]


@dataclass
class Place:
    """A folder with an input, and where the results go."""

    path: Path

    @property
    def source(self) -> Path:
        return self.path / "in.jsonl"

    @property
    def out(self) -> Path:
        return self.path / "out"

    def write(self, *rows: Json | str) -> None:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        self.source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def results(self) -> list[Json]:
        return [row for part in sorted((self.out / "parts").glob("*.jsonl")) for row in _rows(part)]

    def failures(self) -> list[Json]:
        return [row for file in sorted((self.out / "failures").iterdir()) for row in _rows(file)]


def _rows(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _known(rows: list[Json]) -> dict[str, tuple[str, str]]:
    """Put results in a form that engines and formats share: what came of each id."""
    known = {repr(row["id"]): (row["request_sha256"], row["refinement"]["solution"]) for row in rows}
    assert len(known) == len(rows)
    return known


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def own_ray() -> Generator[str, None, None]:
    """A Ray that the commands in this process share: each would start one for itself. Yield its address."""
    from service.cli.batch.spread.environment import prepare_for_ray  # noqa: PLC0415 - before Ray

    before = dict(os.environ)  # noqa: TID251 - it is put back
    prepare_for_ray(None)
    import ray  # noqa: PLC0415

    from service.cli.batch.spread.cluster import cluster  # noqa: PLC0415

    try:
        with cluster(None, actors=1):
            yield ray.get_runtime_context().gcs_address
    finally:
        os.environ.clear()  # noqa: TID251
        os.environ.update(before)  # noqa: TID251


def _world(**changes: Any) -> World:
    generator = changes.pop("generator", ScriptedGenerator([RIGHT]))
    return World(generator=generator, critic=FakeChatModel([CORRECT]), **changes)


def _batch(source: Path | str, out: Path, url: str, *options: str) -> tuple[int, Json, str]:
    arguments = ["batch", str(source), str(out), "--url", url, "--json", *options]
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


def _over_ray(place: Place, url: str, *options: str) -> tuple[int, Json, str]:
    return _batch(place.source, place.out, url, "--engine", "ray", "--actors", "1", *options)


def test_ray_says_what_the_local_engine_says(own_ray: str, place: Place) -> None:
    place.write(*ROWS)
    world = _world()
    with serving(world.app()) as url:
        local, said_locally, _ = _batch(place.source, place.path / "out.jsonl", url)
        spread, said, _ = _over_ray(place, url)
        again, said_again, _ = _over_ray(place, url)

    counts = ("rows", "done", "failed", "wrong", "skipped", "left", "solved", "tokens")
    assert (local, spread, again) == (0, 0, 0)
    assert {name: said[name] for name in counts} == {name: said_locally[name] for name in counts}
    assert _known(place.results()) == _known(_rows(place.path / "out.jsonl"))
    assert (said_again["skipped"], said_again["done"]) == (len(ROWS), 0)
    assert world.generator.calls == 2 * len(ROWS)


def test_parquet_in_and_out_says_what_json_lines_say(own_ray: str, place: Place) -> None:
    import pyarrow as pa  # noqa: PLC0415 - comes with Ray
    import pyarrow.parquet as pq  # noqa: PLC0415

    place.write(*(row for row in ROWS if not isinstance(row.get("id"), str)))
    rows = [json.loads(line) for line in place.source.read_text(encoding="utf-8").splitlines()]
    cells = [row | {"tests": json.dumps(row["tests"]) if "tests" in row else None} for row in rows]
    names = ("id", "problem", "entry_point", "tests")
    table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in cells])
    (place.path / "in").mkdir()
    pq.write_table(table, place.path / "in" / "rows.parquet", row_group_size=2)
    spread = ("--engine", "ray", "--actors", "1", "--format", "parquet")
    with serving(_world().app()) as url:
        _batch(place.source, place.path / "out.jsonl", url)
        code, said, _ = _batch(place.path / "in", place.out, url, *spread)
        again, said_again, _ = _batch(place.path / "in", place.out, url, *spread)

    parts = sorted((place.out / "parts").iterdir())
    results = [
        row | {"id": json.loads(row["id"]), "refinement": json.loads(row["refinement"])}
        for part in parts
        for row in pq.read_table(part).to_pylist()
    ]
    assert (code, said["done"], again, said_again["skipped"]) == (0, len(rows), 0, len(rows))
    assert [part.name for part in parts] == [f"rows.parquet-{number:06d}.parquet" for number in range(3)]
    assert _known(results) == _known(_rows(place.path / "out.jsonl"))


def test_wrong_rows_and_failed_ones_do_not_stop_the_others(own_ray: str, place: Place) -> None:
    wrong: list[Json | str] = [
        "{",
        {"id": 0, "problem": "q"},
        {"problem": "p", "colour": "red"},
        {"id": [], "problem": "p"},
    ]
    place.write(*ROWS[:3], *wrong)
    generator = ScriptedGenerator([RIGHT], fault=ModelError("gone"), fault_at=1)
    with serving(_world(generator=generator).app()) as url:
        code, said, complaints = _over_ray(place, url, "--concurrency", "1")
        failures = place.failures()
        _, said_again, _ = _over_ray(place, url)

    assert (code, said["rows"], said["done"], said["failed"], said["wrong"]) == (1, 7, 2, 1, 4)
    assert f"{place.source}, line 5: id: 0 is line 1's already" in complaints
    assert "line 6: colour: Extra inputs are not permitted" in complaints
    assert sorted(failure["line"] for failure in failures) == [2, 4, 5, 6, 7]
    assert [failure["error"]["status"] for failure in failures if failure.get("id") == 1] == [502]
    assert (said_again["done"], said_again["failed"], said_again["wrong"]) == (1, 0, 4)
    assert {failure["source"] for failure in place.failures()} == {str(place.source)}


def test_an_id_that_was_done_for_another_request_is_refused(own_ray: str, place: Place) -> None:
    with serving(_world().app()) as url:
        place.write({"id": "a", "problem": "p"})
        _over_ray(place, url)
        place.write({"id": "a", "problem": "q"})
        code, _, complaints = _over_ray(place, url)

    assert code == 2
    assert "line 1: id 'a' is done, for another request" in complaints
    assert len(place.results()) == 1


def test_a_full_gateway_is_waited_for(own_ray: str, place: Place) -> None:
    place.write(*ROWS)
    with serving(_world(max_inflight=1).app()) as url:
        code, said, _ = _over_ray(place, url)

    assert (code, said["done"], said["failed"]) == (0, len(ROWS), 0)


def test_a_ray_elsewhere_needs_to_know_where_the_gateway_is(
    own_ray: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CTRL_URL", raising=False)
    place.write(*ROWS)
    arguments = ["batch", str(place.source), str(place.out), "--engine", "ray", "--ray-address", own_ray]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert "--ray-address needs --url" in result.stderr
    assert not place.out.exists()


def test_parts_take_turns_with_the_gateways(own_ray: str, place: Place) -> None:
    place.write(*({"problem": f"Add {number}."} for number in range(PART_ROWS + 3)))
    worlds = _world(), _world()
    with serving(worlds[0].app()) as url, serving(worlds[1].app()) as other:
        code, said, _ = _over_ray(place, url, "--url", other, "--concurrency", "8")

    assert (code, said["done"]) == (0, PART_ROWS + 3)
    assert [world.generator.calls for world in worlds] == [PART_ROWS, 3]


def test_a_wrong_key_ends_the_run_and_fails_no_row(own_ray: str, place: Place) -> None:
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.responses import JSONResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    def refuse(request: object) -> JSONResponse:
        return JSONResponse({"title": "Who are you", "status": 401}, 401)

    place.write(*ROWS)
    with serving(Starlette(routes=[Route("/refine", refuse, methods=["POST"])])) as url:
        code, said, complaints = _over_ray(place, url)

    assert (code, said["left"], said["failed"], said["failures"]) == (2, len(ROWS), 0, None)
    assert "Who are you" in complaints


def test_a_ray_of_ones_own_is_reached_over_loopback_alone(own_ray: str) -> None:
    listening = [
        connection.laddr.ip
        for process in _children(os.getpid())
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} <= {"127.0.0.1", "::1"}


def _children(pid: int) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    return found


def _actors(pid: int) -> list[psutil.Process]:
    return [
        process for process in _children(pid) if _is_at_work(process) and "Refiner" in process.cmdline()[0]
    ]


def _is_at_work(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def _started(place: Place, url: str, *options: str) -> Generator[subprocess.Popen[bytes], None, None]:
    command = [sys.executable, "-m", "service.cli", "batch", str(place.source), str(place.out), "--url", url]
    command += ["--json", "--engine", "ray", "--actors", "1", "--concurrency", "2", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            yield running
        finally:
            running.kill()


def _wait_for_rows(place: Place, count: int, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert running.poll() is None, running.communicate()
        if sum(part.read_bytes().count(b"\n") for part in (place.out / "parts").glob("*")) == count:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {count} rows in time")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_done_when_a_run_ended_is_not_asked_again(own_ray: str, place: Place, number: int) -> None:
    place.write(*({"id": number, "problem": f"Add {number}."} for number in range(6)))
    world = _world(generator=ScriptedGenerator([RIGHT], hangs_at=3))
    with serving(world.app()) as url, _started(place, url) as running:
        # The other worker does the rest; then only the row that hangs is at work.
        _wait_for_rows(place, 5, running)
        actors = _actors(running.pid)
        os.kill(running.pid, number)
        said, complaints = running.communicate(timeout=60)
        code, summary, _ = _over_ray(place, url)

    assert actors
    assert not any(_is_at_work(actor) for actor in actors)
    assert (code, summary["skipped"], summary["done"]) == (0, 5, 1)
    assert sorted(row["id"] for row in place.results()) == list(range(6))
    assert world.generator.calls == 7
    assert world.generator.in_flight == 0
    if number == signal.SIGTERM:
        assert running.returncode == 130
        assert json.loads(said)["done"] + json.loads(said)["left"] == 6
        assert b"Traceback" not in complaints, complaints.decode()


def test_an_actor_that_dies_is_replaced_and_its_rows_are_not_asked_twice(own_ray: str, place: Place) -> None:
    place.write(*({"id": number, "problem": f"Add {number}."} for number in range(6)))
    world = _world(generator=ScriptedGenerator([RIGHT], hangs_at=3))
    with serving(world.app()) as url, _started(place, url, "--ray-address", own_ray) as running:
        _wait_for_rows(place, 5, running)
        for actor in (actors := _actors(os.getpid())):  # one that has nothing to do may be ending still
            actor.kill()
        said, _ = running.communicate(timeout=120)

    assert actors
    assert running.returncode == 0
    assert (json.loads(said)["rows"], json.loads(said)["failed"]) == (6, 0)
    assert sorted(row["id"] for row in place.results()) == list(range(6))
    assert world.generator.calls == 7

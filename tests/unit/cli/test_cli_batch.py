"""`ctrl batch`: nothing is asked twice, nothing is lost, and what is wrong is named by its line."""

import asyncio
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from service.cli.batch.ledger import open_ledger
from service.cli.batch.run import Batch, run_batch
from service.cli.batch.spread import environment
from service.cli.commands import app
from service.cli.exits import Exit
from service.client import Patience, ProblemError, UnreachableError
from service.domain.chat import Sampling, TokenUsage
from service.domain.errors import ModelError
from service.domain.ports import OnText
from service.domain.task import Candidate
from tests.fakes import ScriptedGenerator
from tests.unit.api.world import RIGHT
from tests.unit.cli.batching import Files, asks, batch, right_world, rows_of
from tests.unit.cli.full_disk import SAID, full_disk
from tests.unit.cli.serving import serving


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "in.jsonl", tmp_path / "out.jsonl")


def test_each_row_comes_out_with_its_id_and_its_refinement(files: Files) -> None:
    files.write(*asks(5), {"problem": "Without an id."})
    files.source.write_bytes(BOM_UTF8 + files.source.read_bytes())  # as some editors begin a file
    with serving(right_world().app()) as url:
        code, summary, _ = batch(files, url)

    rows = files.read()
    assert code == 0
    assert sorted(row["id"] for row in rows[:6] if isinstance(row["id"], int)) == [0, 1, 2, 3, 4]
    assert sum(str(row["id"]).startswith("sha256:") for row in rows) == 1
    assert all(row["refinement"]["solution"] == RIGHT for row in rows)
    assert {name: summary[name] for name in ("rows", "done", "failed", "skipped", "left", "solved")} == {
        "rows": 6,
        "done": 6,
        "failed": 0,
        "skipped": 0,
        "left": 0,
        "solved": 6,
    }
    assert not files.failures.exists()


def test_what_is_done_is_not_asked_again(files: Files) -> None:
    world = right_world()
    with serving(world.app()) as url:
        files.write(*asks(2), {"problem": "p"})
        batch(files, url)
        files.write(*asks(3), {"problem": "p"}, {"problem": "p"})
        code, summary, _ = batch(files, url)

    assert code == 0
    assert (summary["skipped"], summary["done"]) == (3, 2)
    assert world.generator.calls == 5
    assert len({row["id"] for row in files.read()}) == 5


def test_a_line_that_a_kill_cut_off_is_mended_and_its_row_done_again(files: Files) -> None:
    files.write(*asks(2))
    with serving(right_world().app()) as url:
        batch(files, url)
        whole = files.out.read_bytes()
        for torn in (whole[:-1], whole[:-100], whole.splitlines(keepends=True)[0] + b"{"):
            files.out.write_bytes(torn)
            code, summary, _ = batch(files, url)

            assert (code, summary["skipped"], summary["done"]) == (0, 1, 1)
            assert sorted(row["id"] for row in files.read()) == [0, 1]


def test_a_file_that_is_no_output_is_left_alone(files: Files) -> None:
    files.write(*asks(1))
    for notes in ("my notes", "my notes\n", "{}\n", '{"id": 1}\n', '{"notes": "mine"', "[]\n", "\n"):
        files.out.write_text(notes, encoding="utf-8")
        code, _, said = batch(files, "http://127.0.0.1:9")

        assert (notes, code) == (notes, 2)
        assert "is no result; name another file" in said
        assert files.out.read_text(encoding="utf-8") == notes


def test_a_file_of_requests_is_never_written_to(files: Files) -> None:
    """What ends without a line feed looks as if a kill had cut it off."""
    requests = '{"id":1,"problem":"p"}\n{"id":2,"problem":"q"}'
    for source, out in ((files.source, files.source), (files.source, files.out)):
        files.source.write_text(requests.partition("\n")[0] + "\n", encoding="utf-8")
        out.write_text(requests, encoding="utf-8")
        result = CliRunner().invoke(app, ["batch", str(source), str(out), "--url", "http://127.0.0.1:9"])

        assert result.exit_code == 2
        assert "name another file" in result.stderr
        assert out.read_text(encoding="utf-8") == requests


def test_wrong_rows_are_named_by_line_before_anything_is_asked(files: Files) -> None:
    files.write(
        {"id": 1, "problem": "p"},
        "{",
        "",
        "[]",
        {"id": 1, "problem": "q"},
        {"problem": "p", "tests": [{"stdin": "1"}]},
        {"id": [], "problem": "p"},
        {"problem": "p", "rounds": 99, "colour": "red"},
        {"problem": "p", "background": True},
        '{"problem": "\\ud800"}',
    )
    world = right_world()
    with serving(world.app()) as url:
        code, _, said = batch(files, url)

    lines = dict(line.split(": ", 1) for line in said.replace("ctrl: ", "").strip().splitlines())
    numbers = {int(place.rsplit(" ", 1)[1]): message for place, message in lines.items()}
    assert code == 2
    assert set(numbers) == {2, 4, 5, 6, 7, 8, 9, 10}
    assert numbers[5] == "id: 1 is line 1's already"
    assert "tests.0.stdout: Field required" in numbers[6]
    assert "rounds: " in numbers[8]
    assert "colour: " in numbers[8]
    assert numbers[9].startswith("background: leave it out")
    assert world.generator.calls == 0
    assert not files.out.exists()


def test_an_id_that_was_done_for_another_request_is_refused(files: Files) -> None:
    with serving(right_world().app()) as url:
        files.write({"id": "a", "problem": "p"})
        batch(files, url)
        files.write({"id": "a", "problem": "q"})
        code, _, said = batch(files, url)

    assert code == 2
    assert "line 1: id 'a' is done, for another request" in said
    assert len(files.read()) == 1


def test_a_row_that_fails_is_recorded_and_tried_again_by_the_next_run(files: Files) -> None:
    files.write(*asks(3))
    generator = ScriptedGenerator([RIGHT], fault=ModelError("gone"), fault_at=1)
    with serving(right_world(generator=generator).app()) as url:
        code, summary, _ = batch(files, url, "--concurrency", "1")
        failures = rows_of(files.failures)
        again, summary_again, _ = batch(files, url)

    assert (code, summary["done"], summary["failed"]) == (1, 2, 1)
    assert summary["failures"] == str(files.failures)
    assert [(failure["id"], failure["line"]) for failure in failures] == [(1, 2)]
    assert failures[0]["error"]["detail"] == "gone"
    assert failures[0]["error"]["status"] == 502
    assert (again, summary_again["done"], summary_again["failures"]) == (0, 1, None)
    assert not files.failures.exists()


def test_a_failure_that_cannot_be_written_down_ends_the_run_in_a_sentence(files: Files) -> None:
    files.write(*asks(2))
    files.failures.symlink_to(files.out.parent / "nowhere" / "failures.jsonl")
    generator = ScriptedGenerator([RIGHT], fault=ModelError("gone"), fault_at=0)
    with serving(right_world(generator=generator).app()) as url:
        code, _, said = batch(files, url, "--concurrency", "1")

    assert code == Exit.USAGE
    assert said.splitlines()[-1] == f"ctrl: {files.failures}: No such file or directory"


def test_a_full_disk_ends_the_run_in_a_sentence_that_names_the_file(files: Files) -> None:
    files.write(*asks(2))
    with serving(right_world().app()) as url, full_disk(200):
        code, _, said = batch(files, url, "--concurrency", "1")

    assert code == Exit.USAGE
    assert said.splitlines()[-1] == f"ctrl: {files.out}: {SAID}"


@dataclass
class Crowd(ScriptedGenerator):
    """Counts how many of its calls are at work at once."""

    crowd: int = 0
    peak: int = 0

    async def _write(self, sampling: Sampling, on_text: OnText | None) -> tuple[Candidate, TokenUsage]:
        self.crowd += 1
        self.peak = max(self.peak, self.crowd)
        try:
            await asyncio.sleep(0.05)
            return await super()._write(sampling, on_text)
        finally:
            self.crowd -= 1


def test_no_more_rows_are_at_work_than_was_asked_for(files: Files) -> None:
    files.write(*asks(9))
    crowd = Crowd([RIGHT])
    with serving(right_world(generator=crowd).app()) as url:
        code, _, _ = batch(files, url, "--concurrency", "3")

    assert code == 0
    assert crowd.peak == 3


def test_a_full_gateway_is_waited_for(files: Files) -> None:
    files.write(*asks(4))
    world = right_world(generator=Crowd([RIGHT]), max_inflight=1)
    with serving(world.app()) as url:
        patience = Patience(busy_s=60.0, first_wait_s=0.01)
        ended = run_batch(Batch(files.source, files.out, 2, url, patience=patience), as_json=True)

    assert ended is Exit.DONE
    assert len(files.read()) == 4


def test_a_gateway_that_is_gone_ends_the_run_and_fails_no_row(files: Files) -> None:
    files.write(*asks(3))
    batch = Batch(files.source, files.out, 2, "http://127.0.0.1:9", patience=Patience(unreachable_s=0.0))

    with pytest.raises(UnreachableError):
        run_batch(batch, as_json=True)

    assert files.read() == []
    assert not files.failures.exists()


@pytest.mark.parametrize("status", [401, 404, 421])
def test_a_wrong_key_or_address_ends_the_run_and_fails_no_row(files: Files, status: int) -> None:
    async def refuse(request: Request) -> JSONResponse:
        return JSONResponse({"title": "Who are you", "status": status}, status)

    files.write(*asks(3))
    with serving(Starlette(routes=[Route("/refine", refuse, methods=["POST"])])) as url:
        with pytest.raises(ProblemError, match="Who are you"):
            run_batch(Batch(files.source, files.out, 2, url), as_json=True)
        code, summary, said = batch(files, url)

    assert (code, summary["left"], summary["failed"]) == (2, 3, 0)
    assert "Who are you" in said
    assert not files.failures.exists()


def test_two_runs_do_not_write_to_one_file(files: Files) -> None:
    files.write(*asks(1))
    with serving(right_world().app()) as url, open_ledger(files.out):
        code, _, said = batch(files, url)

    assert code == 2
    assert "another run is writing there" in said


def test_what_there_is_to_read_has_to_be_there(files: Files) -> None:
    missing, _, _ = batch(files, "http://127.0.0.1:9")
    files.write(*asks(1))
    nowhere = Files(files.source, files.out.parent / "none" / "out.jsonl")
    code, _, said = batch(nowhere, "http://127.0.0.1:9")

    assert (missing, code) == (2, 2)
    assert "No such file or directory" in said


def test_without_ray_the_extra_is_named(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(*asks(1))
    monkeypatch.setattr(environment, "find_spec", {}.get)
    code, _, said = batch(files, "http://127.0.0.1:9", "--engine", "ray")

    assert code == 2
    assert "pip install '.[ray]'" in said
    assert not files.out.exists()


def test_what_is_for_ray_is_refused_by_the_local_engine(files: Files) -> None:
    files.write(*asks(1))
    parquet = Files(files.source.with_suffix(".parquet"), files.out)
    parquet.write(*asks(1))
    folder, _, _ = batch(Files(files.source.parent, files.out), "http://127.0.0.1:9")
    columns, _, said = batch(parquet, "http://127.0.0.1:9")
    several, _, complaint = batch(files, "http://127.0.0.1:9", "--url", "http://127.0.0.1:8")

    assert (folder, columns, several) == (2, 2, 2)
    assert "Parquet is for --engine ray" in said
    assert "several gateways are for --engine ray" in complaint
    assert not files.out.exists()

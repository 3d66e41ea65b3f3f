"""`ctrl eval` and `ctrl bench` on the shipped weights, with programs run in the real sandbox."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from service.cli.stack import passing_stack
from tests.command import ctrl

Json = dict[str, Any]

SHIPPED = Path("weights/mini")
PROBLEMS = str(SHIPPED / "demo.jsonl")
pytestmark = [
    pytest.mark.isolation,
    pytest.mark.skipif(not SHIPPED.joinpath("critic").is_dir(), reason="weights/mini: run `make train-mini`"),
]


@pytest.fixture(scope="module")
def url() -> Generator[str, None, None]:
    with passing_stack(None) as stack:
        yield stack.url


def test_the_critic_mends_drafts_and_a_killed_evaluation_is_gone_on_with(url: str, tmp_path: Path) -> None:
    out = tmp_path / "graded.jsonl"
    arguments = ["eval", PROBLEMS, "--limit", "16", "--out", str(out), "--url", url, "--json"]
    killed = subprocess.Popen([sys.executable, "-m", "service.cli", *arguments], stdout=subprocess.DEVNULL)
    _wait_for_rows(out, 4)
    killed.kill()
    killed.wait()
    before = out.read_bytes().count(b"\n")

    told = json.loads(ctrl(*arguments).stdout)

    rounds = told["figures"]["rounds"]
    draft, last = rounds[0]["pass_at_1"], rounds[-1]
    assert told["refinements"]["skipped"] == before >= 4
    assert (told["refinements"]["failed"], draft["samples"]) == (0, 16)
    assert last["pass_at_1"]["value"] >= draft["value"] + 0.2
    assert last["pass_at_1"]["value"] == pytest.approx(
        draft["value"] + last["delta_up"]["value"] - last["delta_down"]["value"]
    )
    assert rounds[0]["accuracy"]["value"] >= 0.8


def test_what_is_graded_once_is_graded_the_same_again(url: str, tmp_path: Path) -> None:
    arguments = ["eval", PROBLEMS, "--limit", "6", "--samples", "2", "--url", url, "--json"]
    outs = [tmp_path / name for name in ("first.jsonl", "second.jsonl")]
    figures = [json.loads(ctrl(*arguments, "--out", str(out)).stdout)["figures"] for out in outs]

    assert figures[0] == figures[1]
    assert set(figures[0]["pass_at_k"]) == {"1", "2"}


@pytest.mark.parametrize("options", [(), ("--judge",), ("--rate", "20"), ("--problem", PROBLEMS)])
def test_a_gateway_is_loaded_and_answers_everything(url: str, options: tuple[str, ...]) -> None:
    run = ctrl("bench", "--requests", "12", "--concurrency", "4", "--url", url, "--json", *options)

    told = json.loads(run.stdout)
    assert run.returncode == 0, run.stderr
    assert (told["answered"], told["failed"], told["refused_429"]) == (12, 0, 0)
    assert told["latency_s"]["samples"] == 12
    assert 0 < told["overhead_ms"]["p50"] < 1000 * told["latency_s"]["max"]
    assert told["completion_tokens_per_second"] > 0


def _wait_for_rows(path: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline, f"no {count} rows in time"
        time.sleep(0.02)

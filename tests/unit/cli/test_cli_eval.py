"""`ctrl eval`: its figures are those of the tests, and what was not judged is in none of them."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.commands import app
from service.cli.evaluate.figures import Course, figures
from service.domain.errors import GeneratorError, SandboxError
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from tests.fakes import CORRECT, INCORRECT, ReadingChatModel, ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.world import RIGHT, WRONG, World
from tests.unit.cli.serving import serving

Json = dict[str, Any]

TESTS = [{"args": [3], "expected": 4}]
HIDDEN = [{"args": [3], "expected": 4}, {"args": [5], "expected": 6}]


@dataclass
class Place:
    """Where a file of problems is, and what comes of it."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "in.jsonl"

    @property
    def out(self) -> Path:
        return self.folder / "graded.jsonl"

    def write(self, *rows: Json) -> None:
        self.source.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")

    def read(self) -> list[Json]:
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _problem(number: int, **changes: Any) -> Json:
    return {"id": number, "problem": f"Add {number}.", "entry_point": "f", "tests": TESTS, **changes}


def _world(**changes: Any) -> World:
    """The critic knows what is right, and the sandbox too."""
    critic = ReadingChatModel(reader=lambda messages: CORRECT if RIGHT in messages[-1].content else INCORRECT)
    sandbox = changes.pop("sandbox", ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    return World(critic=critic, sandbox=sandbox, **changes)


def _evaluate(place: Place, url: str, *options: str, as_json: bool = True) -> tuple[int, Json, str]:
    arguments = ["eval", str(place.source), "--out", str(place.out), "--url", url, *options]
    result = CliRunner().invoke(app, [*arguments, *(["--json"] if as_json else [])])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if not as_json:
        return result.exit_code, {}, result.stdout
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


def _values(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figure["value"] for name, figure in figures.items()}


def test_what_a_round_mends_is_in_the_figures(place: Place) -> None:
    place.write(_problem(1), _problem(2))
    generator = ScriptedGenerator([WRONG, RIGHT, WRONG, RIGHT])
    with serving(_world(generator=generator).app()) as url:
        code, told, _ = _evaluate(place, url, "--concurrency", "1", "--rounds", "2")

    draft, once = told["figures"]["rounds"]
    assert code == 0
    assert _values(draft) | {"completion_tokens": 0} == {
        "pass_at_1": 0.0,
        "delta_up": 0.0,
        "delta_down": 0.0,
        "accuracy": 1.0,
        "completion_tokens": 0,
    }
    assert (_values(once)["pass_at_1"], _values(once)["delta_up"]) == (1.0, 1.0)
    assert _values(told["figures"]["answer"])["pass_at_1"] == 1.0
    assert told["models"] == {"generator": "mini-generator", "critic": "mini-critic"}
    assert (told["problems"], told["refinements"]["done"]) == (2, 2)
    assert (
        told["tokens"]["completion_tokens"] == told["refinements"]["tokens"] - told["tokens"]["prompt_tokens"]
    )


def test_a_table_is_for_people(place: Place) -> None:
    place.write(_problem(1))
    with serving(_world().app()) as url:
        code, _, said = _evaluate(place, url, as_json=False)

    cells = [line.split()[:5] for line in said.splitlines()]
    assert code == 0
    assert ["the", "draft", "0.0±0.0", "0.0±0.0", "0.0±0.0"] in cells
    assert ["round", "1", "100.0±0.0", "100.0±0.0", "0.0±0.0"] in cells
    assert ["the", "answer", "100.0±0.0", "100.0±0.0", "0.0±0.0"] in cells
    assert "1 refinements: 1 done, 0 failed, 0 skipped, 0 left" in said


class TwoSided(ScriptedSandbox):
    """Its verdict depends on how many tests there are: what passes the one fails the two."""

    async def judge(self, task: Task, candidate: Candidate, **options: Any) -> Verdict:
        await super().judge(task, candidate, **options)
        return verdict_of(1, len(task.tests))


def test_hidden_tests_grade_and_the_loop_is_not_given_them(place: Place) -> None:
    place.write(_problem(1, hidden_tests=HIDDEN, reference="r", shape="list_function"))
    with serving(_world(sandbox=TwoSided()).app()) as url:
        code, told, _ = _evaluate(place, url, "--stop", "tests_passed")

    (row,) = place.read()
    (first,) = row["refinement"]["rounds"]
    assert code == 0
    assert (first["verdict"]["total"], row["refinement"]["tests_passed"]) == (1, True)
    assert row["passes"] == [False]
    assert _values(told["figures"]["answer"])["pass_at_1"] == 0.0


def test_what_a_broken_part_kept_from_being_known_is_counted_apart_and_tried_again(place: Place) -> None:
    place.write(_problem(1), _problem(2))
    generator = ScriptedGenerator([RIGHT], fault=GeneratorError("gone"), fault_at=1)
    with serving(_world(generator=generator).app()) as url:
        code, told, _ = _evaluate(place, url, "--concurrency", "1")
        again, whole, _ = _evaluate(place, url)

    assert (code, told["refinements"]["failed"], told["refinements"]["done"]) == (1, 1, 1)
    assert told["figures"]["answer"]["pass_at_1"] == {"value": 1.0, "error": 0.0, "samples": 1}
    assert (again, whole["refinements"]["skipped"], whole["refinements"]["failed"]) == (0, 1, 0)
    assert whole["figures"]["answer"]["pass_at_1"]["samples"] == 2


def test_a_sandbox_that_breaks_over_hidden_tests_makes_no_program_wrong(place: Place) -> None:
    place.write({"problem": "Add one.", "entry_point": "f", "hidden_tests": HIDDEN})
    with serving(_world(sandbox=ScriptedSandbox(fault=SandboxError("gone"))).app()) as url:
        code, told, _ = _evaluate(place, url)

    assert (code, told["refinements"]["failed"], told["figures"]) == (1, 1, None)


def test_samples_have_seeds_of_their_own_and_are_gone_on_with(place: Place) -> None:
    place.write(_problem(1, sampling={"seed": 7}), _problem(2))
    generator = ScriptedGenerator([RIGHT])
    with serving(_world(generator=generator).app()) as url:
        _evaluate(place, url, "--seed", "5")
        code, told, _ = _evaluate(place, url, "--seed", "5", "--samples", "3", "--concurrency", "1")

    assert [sampling.seed for sampling in generator.samplings[2:]] == [7 + 17, 5 + 17, 7 + 34, 5 + 34]
    assert (code, told["refinements"]["skipped"], told["refinements"]["done"]) == (0, 2, 4)
    assert sorted(str(row["id"]) for row in place.read()) == ["1", "1#1", "1#2", "2", "2#1", "2#2"]
    assert set(told["figures"]["pass_at_k"]) == {"1", "2", "3"}


def test_rows_that_cannot_be_graded_are_named_before_anything_is_asked(place: Place) -> None:
    place.write(
        {"problem": "No tests."},
        _problem(2, candidates=2),
        _problem(3, hidden_tests=[{"stdin": "1"}]),
        _problem(4, colour="red"),
    )
    world = _world()
    with serving(world.app()) as url:
        code, _, said = _evaluate(place, url)

    first, second, third, fourth = said.replace("ctrl: ", "").strip().splitlines()
    assert code == 2
    assert "line 1: tests: give tests or hidden_tests" in first
    assert "line 2: candidates: one program is followed round by round" in second
    assert "line 3: hidden_tests.0.stdout: Field required" in third
    assert "line 4: colour: " in fourth
    assert world.generator.calls == 0


def test_an_option_that_the_gateway_refuses_is_named_and_fails_no_row(place: Place) -> None:
    place.write(_problem(1), _problem(2))
    with serving(_world().app()) as url:
        code, told, said = _evaluate(place, url, "--generator", "nobody")

    assert code == 2
    assert "ctrl: --generator: " in said
    assert told["refinements"]["failed"] == 0
    assert not place.out.with_name("graded.failures.jsonl").exists()


def test_an_output_of_other_options_is_refused_and_the_option_named(place: Place) -> None:
    place.write(_problem(1))
    with serving(_world().app()) as url:
        _evaluate(place, url, "--rounds", "1")
        other, _, said = _evaluate(place, url, "--rounds", "2")
        place.source.write_text("\n", encoding="utf-8")
        empty, _, nothing = _evaluate(place, url)
        place.source.unlink()
        missing, _, none = _evaluate(place, url)

    assert (other, empty, missing) == (2, 2, 2)
    assert "--out: line 1: id 1 is done, for another request" in said
    assert "holds no problem" in nothing
    assert "FILE: there is no file" in none


def test_ungraded_refinements_are_no_evaluation(place: Place) -> None:
    place.write(_problem(1, sampling={"seed": 0}, rounds=3))
    world = _world()
    with serving(world.app()) as url:
        CliRunner().invoke(app, ["batch", str(place.source), str(place.out), "--url", url])
        calls = world.generator.calls
        place.write(_problem(1, sampling={"seed": 0}, rounds=3), _problem(2))
        code, _, said = _evaluate(place, url)

    assert (code, world.generator.calls) == (2, calls)
    assert "was refined by `ctrl batch`, ungraded" in said


def test_stopped_it_tells_the_figures_so_far_and_is_gone_on_with(place: Place) -> None:
    place.write(*map(_problem, range(4)))
    world = _world(generator=ScriptedGenerator([RIGHT], hangs_at=2))
    arguments = ["eval", str(place.source), "--out", str(place.out), "--concurrency", "1", "--json"]
    with serving(world.app()) as url:
        command = [sys.executable, "-m", "service.cli", *arguments, "--url", url]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while world.generator.calls < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        said, complaints = running.communicate(timeout=60)
        code, whole, _ = _evaluate(place, url)

    told = json.loads(said)
    assert running.returncode == 130
    assert b"Traceback" not in complaints
    assert (told["refinements"]["left"], told["figures"]["answer"]["pass_at_1"]["samples"]) == (2, 2)
    assert (code, whole["refinements"]["skipped"], whole["refinements"]["done"]) == (0, 2, 2)


def _course(problem: str, *passes: bool, selected: int = -1, judged: bool | None = True) -> Course:
    rounds = len(passes)
    return Course(
        problem, passes, [judged] * rounds, [10 * (n + 1) for n in range(rounds)], selected % rounds
    )


def test_pass_at_1_is_that_of_the_draft_and_what_was_mended_less_what_was_broken() -> None:
    told = figures(
        [
            _course("a", False, True),
            _course("a", False, False, False),
            _course("b", True, False, True, selected=1),
            _course("c", True),
        ],
        samples=2,
    )

    draft = told.rounds[0].pass_at_1.value
    for stood in (*told.rounds, told.answer):
        assert stood.pass_at_1.value == draft + stood.delta_up.value - stood.delta_down.value
    assert [stood.pass_at_1.value for stood in told.rounds] == [0.5, 0.5, 0.75]
    assert [stood.delta_down.value for stood in told.rounds] == [0.0, 0.25, 0.0]
    assert [stood.accuracy.samples for stood in told.rounds] == [4, 3, 2]
    assert [stood.completion_tokens.value for stood in told.rounds] == [10, 17.5, 22.5]
    assert told.answer.delta_down.value == 0.25


def test_pass_at_k_leaves_out_what_has_too_few_samples() -> None:
    told = figures([_course("a", True), *[_course("b", flag) for flag in (True, False, False, False)]], 4)

    assert {k: figure.value for k, figure in told.pass_at_k.items()} == {1: 0.625, 2: 0.5, 4: 1.0}
    assert told.pass_at_k[2].samples == 1


def test_a_judgment_that_cannot_be_read_agrees_with_nothing() -> None:
    rounds = [
        {"critique": {"judgment": None}, "usage": {"completion_tokens": 1}},
        {"critique": None, "usage": {"completion_tokens": 2}},
    ]
    row = {"refinement": {"rounds": rounds, "selected": {"round": 1}}, "passes": [False, False]}

    assert Course.of("a", row).judged == [False, None]

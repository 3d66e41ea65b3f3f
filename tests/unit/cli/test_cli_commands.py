"""`ctrl` from the outside: what it prints, and its exit codes."""

import errno
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI
from typer.testing import CliRunner

from service.cli.commands import app
from service.cli.exits import Exit, explained
from service.domain.errors import ModelError
from tests.fakes import CORRECT, FakeChatModel, ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.auth_keys import auth
from tests.unit.api.world import NOTICE, RIGHT, TESTS, WRONG, World
from tests.unit.cli.serving import serving

ASK = {"problem": "Add one.", "entry_point": "f"}


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(ASK), encoding="utf-8")
    return path


@pytest.fixture
def url() -> Iterator[str]:
    with serving(World().app()) as url:
        yield url


def _run(*arguments: str | Path, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_a_refinement_is_shown_round_by_round(url: str, request_file: Path) -> None:
    code, shown, _ = _run("refine", request_file, "--url", url)

    assert code == 0
    for part in (
        NOTICE,
        "draft",
        "return x",
        "It fails for odd numbers.",
        "Judgment: incorrect",
        "revision 1",
        "-    return x",
        "+    return x + 1",
        "Judgment: correct",
        "solved: judged correct, round 1 selected",
    ):
        assert part in shown


def test_json_is_the_response_alone(url: str, request_file: Path) -> None:
    code, shown, _ = _run("refine", request_file, "--url", url, "--json")

    assert code == 0
    assert json.loads(shown)["solution"] == RIGHT


def test_a_problem_in_prose_has_its_tests_beside_it(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("Add one.", encoding="utf-8")
    (tmp_path / "t.json").write_text(json.dumps(TESTS), encoding="utf-8")
    (tmp_path / "s.py").write_text(WRONG, encoding="utf-8")
    world = World(generator=ScriptedGenerator([RIGHT]), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    files = ("--tests", tmp_path / "t.json", "--solution", tmp_path / "s.py")
    with serving(world.app()) as url:
        code, shown, _ = _run("refine", tmp_path / "p.md", *files, "--entry-point", "f", "--url", url)

    assert code == 0
    assert "0/1 passed, wrong answer" in shown
    assert "1/1 passed" in shown


def test_what_is_not_solved_exits_with_one() -> None:
    with serving(World(critic=FakeChatModel(["no idea"])).app()) as url:
        code, shown, _ = _run("refine", "-", "--url", url, "--rounds", "0", stdin=json.dumps(ASK))

    assert code == 1
    assert "not solved: rounds exhausted" in shown


def test_tests_a_line_each_may_hold_any_separator_within_a_text(tmp_path: Path) -> None:
    tests = [{"args": [text], "expected": 1} for text in ("a\u2028b", "a\x85b")]
    lines = [json.dumps(test, ensure_ascii=False) for test in tests]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    world = World(generator=ScriptedGenerator([RIGHT]), sandbox=ScriptedSandbox({RIGHT: verdict_of(2, 2)}))
    with serving(world.app()) as url:
        options = ("--tests", tmp_path / "t.jsonl", "--entry-point", "f", "--url", url)
        code, shown, _ = _run("refine", "-", *options, stdin="Add one.")

    assert code == 0
    assert "2/2 passed" in shown


def test_failing_tests_are_not_solved_whatever_the_critic_says() -> None:
    with serving(World(critic=FakeChatModel([CORRECT])).app()) as url:
        code, _, _ = _run("refine", "-", "--url", url, stdin=json.dumps(ASK | {"tests": TESTS}))

    assert code == 1


def test_wrong_usage_exits_with_two(url: str, tmp_path: Path) -> None:
    unknown = _run("refine", "-", "--url", url, "--generator", "gpt-17", stdin=json.dumps(ASK))
    missing = _run("refine", tmp_path / "none.json", "--url", url)
    not_json = _run("refine", "-", "--url", url, stdin="{")

    assert (unknown[0], missing[0], not_json[0]) == (2, 2, 2)
    assert "configured models: mini-generator" in unknown[2]


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "latin.md").write_bytes(b"f\xfcr")
    for name, why in (("none.json", "No such file or directory"), (".", "Is a directory")):
        _, _, said = _run("refine", tmp_path / name)

        assert said.endswith(f"Invalid value: {tmp_path / name}: {why}\n")
    _, _, said = _run("refine", tmp_path / "latin.md")

    assert said.endswith("latin.md: is no text in UTF-8\n")


def test_nobody_there_is_said_with_the_address() -> None:
    _, _, said = _run("models", "--url", "http://me:s3cret@127.0.0.1:9")

    assert said.startswith("ctrl: nobody answers at http://127.0.0.1:9 (ConnectError: ")
    assert "s3cret" not in said


def test_another_service_at_the_address_is_not_taken_for_a_gateway_that_knows_nothing() -> None:
    """All that was said was `Not Found`."""
    with serving(FastAPI()) as url:
        _, _, said = _run("refine", "-", "--url", url, stdin=json.dumps(ASK))

    assert "is a gateway at this address?" in said


def test_an_address_that_is_none_is_wrong_usage() -> None:
    for url in ("nonsense", "127.0.0.1:9", "ftp://gateway"):
        code, _, said = _run("models", "--url", url)

        assert (code, said.count("\n")) == (2, 1)
        assert "must begin with http:// or https://" in said


def test_who_needs_a_key_is_told_where_it_goes(tmp_path: Path) -> None:
    with serving(World().app(auth=auth(tmp_path))) as url:
        _, _, said = _run("models", "--url", url)

    assert "CTRL_API_KEY" in said


def test_the_version_is_the_packages() -> None:
    assert _run("--version")[:2] == (0, f"ctrl-refine {version('ctrl-refine')}\n")


def test_what_is_no_json_for_a_gateway_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    for text in ('{"problem": "\\ud800"}', '{"problem": "p", "tests": [{"args": [NaN], "expected": 1}]}'):
        path.write_text(text, encoding="utf-8")
        code, _, said = _run("refine", path, "--url", "http://127.0.0.1:9")

        assert code == 2
        assert "request.json is not JSON" in said


def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_it(url: str, tmp_path: Path) -> None:
    request, program = tmp_path / "request.json", tmp_path / "f.py"
    request.write_text(json.dumps(ASK), encoding="utf-8-sig")
    program.write_text(RIGHT, encoding="utf-8-sig")
    code, shown, _ = _run("refine", request, "--solution", program, "--rounds", "0", "--url", url, "--json")

    assert (code, json.loads(shown)["rounds"][0]["solution"]) == (1, RIGHT)


def test_standard_input_is_not_read_twice(url: str) -> None:
    for command in ("refine", "judge", "critique"):
        code, _, said = _run(command, "-", "--solution", "-", "--url", url, stdin="Add one.")

        assert code == 2
        assert "can be read once" in said


def test_a_broken_part_exits_with_three() -> None:
    world = World(generator=ScriptedGenerator([""], fault=ModelError("gone")))
    with serving(world.app()) as url:
        code, _, said = _run("refine", "-", "--url", url, "--json", stdin=json.dumps(ASK))
    nobody = _run("refine", "-", "--url", "http://127.0.0.1:9", stdin=json.dumps(ASK))

    assert (code, nobody[0]) == (3, 3)
    assert "A model failed: gone" in said
    assert "Traceback" not in nobody[2]


def test_programs_are_judged_and_ranked(url: str, tmp_path: Path) -> None:
    for name, program in (("a.py", WRONG), ("b.py", RIGHT)):
        (tmp_path / name).write_text(program, encoding="utf-8")
    files = ("--solution", tmp_path / "a.py", "--solution", tmp_path / "b.py")

    code, shown, _ = _run("judge", "-", *files, "--url", url, stdin="Add one.")

    assert code == 0
    assert "solution 1" in shown
    assert "1.000" in shown


def test_a_mode_is_passed_on(url: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(WRONG, encoding="utf-8")
    request = ("judge", "-", "--solution", tmp_path / "a.py", "--mode", "exec", "--url", url)

    code, _, said = _run(*request, stdin="Add one.")

    assert code == 2
    assert "mode: exec judges by tests alone" in said


def test_programs_for_several_problems_are_shown_as_they_came(url: str) -> None:
    items = [ASK | {"id": name, "problem": name, "solution": WRONG} for name in ("first", "second")]

    code, shown, _ = _run("judge", "-", "--url", url, stdin=json.dumps({"items": items}))

    assert code == 0
    assert shown.index("first ") < shown.index("second ")


def test_a_name_that_looks_like_markup_is_a_name(url: str) -> None:
    items = [{"id": "row[/b]", "problem": "Add one.", "solution": RIGHT}]
    code, shown, _ = _run("judge", "-", "--url", url, stdin=json.dumps({"items": items}))

    assert (code, "row[/b]" in shown) == (0, True)


def test_what_could_not_be_judged_exits_with_one() -> None:
    with serving(World(critic=FakeChatModel([""], fault=ModelError("gone"))).app()) as url:
        body = json.dumps(ASK | {"solutions": [WRONG]})
        code, shown, _ = _run("judge", "-", "--url", url, "--json", stdin=body)

    assert code == 1
    assert json.loads(shown)["results"][0]["status"] == "error"


def test_a_program_is_reviewed(url: str, tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text(WRONG, encoding="utf-8")

    code, shown, _ = _run("critique", "-", "--solution", tmp_path / "s.py", "--url", url, stdin="Add one.")
    again, as_json, _ = _run(
        "critique", "-", "--url", url, "--json", stdin=json.dumps(ASK | {"solution": WRONG})
    )

    assert (code, again) == (0, 0)
    assert "Analysis: It fails for odd numbers." in shown
    assert "Judgment: incorrect" in shown
    assert json.loads(as_json)["critique"]["judgment"] == "correct"


def test_a_critique_without_a_judgment_exits_with_one() -> None:
    with serving(World(critic=FakeChatModel(["no idea"])).app()) as url:
        body = json.dumps(ASK | {"solution": WRONG})
        code, shown, _ = _run("critique", "-", "-n", "2", "--url", url, stdin=body)

    assert code == 1
    assert "critique 1" in shown
    assert "no idea" in shown


def test_the_environment_names_the_gateway(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTRL_URL", url)

    code, shown, _ = _run("models")

    assert code == 0
    assert "mini-critic" in shown


def test_a_configuration_that_is_named_is_used_whatever_the_environment_says(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was ignored, in silence, where CTRL_URL named a gateway or --url did."""
    config = tmp_path / "mine.toml"
    config.write_text("[server]\nprot = 1\n", encoding="utf-8")
    both = _run("models", "--config", config, "--url", url)
    spread = _run("batch", config, tmp_path / "out", "--engine", "ray", "--config", config, "--url", url)
    left = _run("refine", "-", "--config", config, "--background", stdin=json.dumps(ASK))
    monkeypatch.setenv("CTRL_URL", url)
    named = _run("models", "--config", config)

    assert (left[0], "a running gateway" in left[2]) == (2, True)
    assert (spread[0], "leave one of them out" in spread[2]) == (2, True)
    assert (both[0], "leave one of them out" in both[2]) == (2, True)
    assert (named[0], "server.prot" in named[2]) == (3, True)


def test_models_are_listed(url: str) -> None:
    code, shown, _ = _run("models", "--url", url)
    _, as_json, _ = _run("models", "--url", url, "--json")

    assert code == 0
    assert "mini-critic" in shown
    assert json.loads(as_json)["data"][0]["id"] == "mini-generator"


def test_names_of_models_are_whole_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were cut to `mini-genera…` beside a note that took fourteen lines."""
    monkeypatch.setenv("COLUMNS", "80")
    with serving(World().app()) as url:
        _, shown, _ = _run("models", "--url", url)

    assert "refine/mini-generator" in shown
    assert shown.count(NOTICE) == 1


def test_a_model_cannot_drive_the_terminal() -> None:
    world = World(generator=ScriptedGenerator(["x = 1 # \x1b]0;owned\x07 [bold red]markup[/]"]))
    with serving(world.app()) as url:
        _, shown, _ = _run("refine", "-", "--url", url, "--rounds", "0", stdin=json.dumps(ASK))

    assert "\x1b]0" not in shown
    assert "\x07" not in shown
    assert "[bold red]markup[/]" in shown


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from service.cli import commands; "
        "sys.exit(bool({'httpx', 'fastapi', 'pydantic', 'numpy', 'uvicorn'} & sys.modules.keys()))"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_output_that_is_full_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, explained():
        raise OSError(errno.ENOSPC, "No space left on device")

    assert ended.value.exit_code == Exit.USAGE
    assert capsys.readouterr().err == "ctrl: standard output: No space left on device\n"

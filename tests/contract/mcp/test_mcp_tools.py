"""What an assistant's client sees of the tools, by the official SDK over a real socket."""

from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from service.domain.errors import ModelError, SandboxError
from service.domain.run import Run
from service.domain.verdict import Outcome
from service.services import Bounds
from tests.contract.mcp.calling import ASK, ERAS, Heard, calling
from tests.fakes import FakeChatModel, ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.world import NOTICE, RIGHT, TESTS, WRONG, World

pytestmark = pytest.mark.parametrize("era", ERAS)


def text(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


async def call(client: Client, tool: str, arguments: dict[str, Any], heard: Heard | None = None) -> Any:
    """Call; the client checks the structured answer against the schema it was given."""
    return await client.call_tool(tool, arguments, progress_callback=heard)


async def test_four_tools_are_listed_and_each_argument_is_described(era: str) -> None:
    async with calling(World(), era) as client:
        tools = (await client.list_tools()).tools

    assert [tool.name for tool in tools] == ["refine_code", "judge_code", "critique_code", "run_code"]
    for tool in tools:
        assert tool.description
        assert tool.output_schema is not None
        assert all(argument["description"] for argument in tool.input_schema["properties"].values())
        assert "$ref" not in str(tool.input_schema) + str(tool.output_schema)
    assert [tool.input_schema["required"] for tool in tools] == [
        ["problem"],
        ["problem", "solutions"],
        ["problem", "solution"],
        ["code"],
    ]


async def test_a_refinement_is_told_round_by_round_and_ends_with_the_program(era: str) -> None:
    heard = Heard()
    async with calling(World(), era) as client:
        result = await call(client, "refine_code", ASK, heard)

    assert not result.is_error
    assert result.structured_content["solution"] == RIGHT
    assert result.structured_content["judgment"] == "correct"
    assert [a_round["judgment"] for a_round in result.structured_content["rounds"]] == [
        "incorrect",
        "correct",
    ]
    assert RIGHT in text(result)
    assert NOTICE in text(result)
    assert "round 0: judged incorrect (0.00)" in heard.messages
    assert "round 1: judged correct (1.00)" in heard.messages
    assert heard.steps == sorted(set(heard.steps))


async def test_a_draft_with_tests_is_refined_and_its_tests_reported(era: str) -> None:
    heard = Heard()
    world = World(generator=ScriptedGenerator([RIGHT]), sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    async with calling(world, era) as client:
        result = await call(client, "refine_code", ASK | {"solution": WRONG, "tests": TESTS}, heard)

    assert result.structured_content["tests_passed"] is True
    assert world.sandbox.codes_seen == [WRONG, RIGHT]
    assert "round 0: tests 0/1 passed, wrong answer" in heard.messages


async def test_a_silent_model_does_not_leave_the_client_in_silence(era: str) -> None:
    heard = Heard()
    bounds = Bounds(heartbeat_s=0.02, request_seconds=0.3)
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1), bounds=bounds)
    async with calling(world, era) as client:
        result = await call(client, "refine_code", ASK, heard)

    assert result.structured_content["stop_reason"] == "deadline"
    assert sum(message.startswith("round 1: revising (after ") for message in heard.messages) >= 2
    assert heard.steps == sorted(set(heard.steps))


async def test_programs_are_ranked(era: str) -> None:
    world = World(sandbox=ScriptedSandbox({RIGHT: verdict_of(1, 1)}))
    async with calling(world, era) as client:
        arguments = ASK | {"solutions": [WRONG, RIGHT], "tests": TESTS, "votes": 3}
        result = await call(client, "judge_code", arguments)

    assert result.structured_content["best"] == 1
    assert result.structured_content["ranking"] == [1, 0]
    assert result.structured_content["results"][1]["passed"] == 1
    assert text(result).startswith("Best is program 1.")


async def test_a_program_that_could_not_be_judged_has_no_score(era: str) -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))
    async with calling(world, era) as client:
        result = await call(client, "judge_code", ASK | {"solutions": [WRONG]})

    assert result.structured_content["results"][0]["score"] is None
    assert result.structured_content["results"][0]["status"] == "error"
    assert "gone" in text(result)


async def test_a_critique_is_read_out(era: str) -> None:
    async with calling(World(), era) as client:
        result = await call(client, "critique_code", ASK | {"solution": WRONG})

    assert result.structured_content["judgment"] == "incorrect"
    assert "It fails for odd numbers." in text(result)
    assert "Handle odd numbers." in text(result)


@pytest.mark.parametrize(
    ("code", "run"),
    [
        ("cat <<'EOF'\n```\nhello\n```\nEOF\n", "cat <<'EOF'\n```\nhello\n```\nEOF\n"),
        ("```bash\necho hello\n```", "echo hello"),
    ],
)
async def test_a_script_that_writes_a_fence_is_run_whole(era: str, code: str, run: str) -> None:
    sandbox = ScriptedSandbox()
    async with calling(World(sandbox=sandbox), era) as client:
        await call(client, "run_code", {"code": code, "language": "bash"})

    assert sandbox.codes_seen == [run]


async def test_a_broken_program_is_run_and_not_the_example_in_its_docstring(era: str) -> None:
    broken = 'def f(x):\n    """Add.\n\n    ```python\n    f(1)\n    ```\n    """\n    return x +\n'
    sandbox = ScriptedSandbox()
    async with calling(World(sandbox=sandbox), era) as client:
        await call(client, "run_code", {"code": broken})

    assert sandbox.codes_seen == [broken]


async def test_a_program_is_run_with_an_input(era: str) -> None:
    sandbox = ScriptedSandbox(ran=Run(Outcome.RUNTIME_ERROR, 3, "so far\n", "oh no\n"))
    world = World(sandbox=sandbox)
    async with calling(world, era) as client:
        result = await call(client, "run_code", {"code": "x", "stdin": "1\n", "language": "bash"})

    assert (sandbox.codes_seen, sandbox.stdins_seen, sandbox.languages_seen) == (["x"], ["1\n"], ["bash"])
    assert world.metric('ctrl_sandbox_runs_total{outcome="runtime_error"}') == 1
    assert result.structured_content["outcome"] == "runtime_error"
    assert text(result) == "Ended: runtime error, exit code 3.\nstdout:\nso far\n\nstderr:\noh no\n"


async def test_a_program_is_run_against_tests(era: str) -> None:
    async with calling(World(), era) as client:
        result = await call(client, "run_code", {"code": WRONG, "tests": TESTS, "entry_point": "f"})

    assert (result.structured_content["passed"], result.structured_content["total"]) == (0, 1)
    assert result.structured_content["failed_test"] == 0


async def test_a_long_output_is_shown_by_its_ends(era: str) -> None:
    sandbox = ScriptedSandbox(ran=Run(Outcome.ACCEPTED, 0, "a" * 500_000 + "z"))
    async with calling(World(sandbox=sandbox), era) as client:
        result = await call(client, "run_code", {"code": "x"})

    stdout = result.structured_content["stdout"]
    assert len(stdout) < 17_000
    assert stdout.startswith("aaa")
    assert stdout.endswith("az")
    assert "484,001 characters left out" in stdout


WRONG_ARGUMENTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("refine_code", {}, "problem: is required"),
    ("refine_code", ASK | {"rounds": 99}, "rounds: Input should be less than or equal to 16"),
    ("refine_code", ASK | {"critic": "gpt-17"}, "configured models: mini-critic"),
    ("refine_code", ASK | {"stream": True}, "stream: is no argument of refine_code; its arguments are"),
    ("refine_code", ASK | {"tests": [{"stdin": "1"}]}, "tests.0.stdout: Field required"),
    ("judge_code", ASK, "solutions: is required"),
    ("judge_code", ASK | {"solutions": [WRONG], "mode": "exec"}, "exec judges by tests alone"),
    ("judge_code", ASK | {"solutions": [WRONG], "votes": 0}, "votes: Input should be greater"),
    ("critique_code", ASK | {"solution": " "}, "solution: is blank"),
    ("run_code", {"code": " "}, "code: is blank"),
    ("run_code", {"code": "x", "stdin": "1", "tests": TESTS, "entry_point": "f"}, "leave one of the two"),
    ("run_code", {"code": "x", "tests": TESTS}, "tests with args need entry_point"),
)


async def test_a_wrong_argument_is_an_error_that_names_it_and_the_remedy(era: str) -> None:
    async with calling(World(), era) as client:
        for tool, arguments, said in WRONG_ARGUMENTS:
            result = await call(client, tool, arguments)

            assert result.is_error
            assert said in text(result)
            assert "call again" in text(result)
            assert "pydantic" not in text(result)


async def test_a_broken_part_is_an_error_and_no_judgment(era: str) -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("it answers with status 500")))
    async with calling(world, era) as client:
        refined = await call(client, "refine_code", ASK)
        reviewed = await call(client, "critique_code", ASK | {"solution": WRONG})

    assert refined.is_error
    assert reviewed.is_error
    assert "it answers with status 500" in text(refined)
    assert "Nothing was judged" in text(reviewed)
    assert world.metric('ctrl_refinements_total{stop_reason="failed"}') == 1


async def test_a_broken_sandbox_is_no_verdict(era: str) -> None:
    world = World(sandbox=ScriptedSandbox(fault=SandboxError("sandbox: status 500")))
    async with calling(world, era) as client:
        result = await call(client, "run_code", {"code": "x"})

    assert result.is_error
    assert "The sandbox failed: sandbox: status 500" in text(result)
    assert world.metric('ctrl_upstream_errors_total{kind="failed",part="sandbox"}') == 1


async def test_a_crash_is_told_by_its_id_alone(era: str) -> None:
    world = World(generator=ScriptedGenerator([""], fault=RuntimeError("secret")))
    async with calling(world, era) as client:
        result = await call(client, "refine_code", ASK)

    assert result.is_error
    assert "secret" not in text(result)
    assert "req_" in text(result)


async def test_a_full_gateway_says_when_to_come_back(era: str) -> None:
    async with calling(World(max_inflight=0), era) as client:
        result = await call(client, "refine_code", ASK)

    assert result.is_error
    assert "call again in a few seconds" in text(result)


async def test_an_unknown_tool_is_a_protocol_error_that_names_the_known(era: str) -> None:
    async with calling(World(), era) as client:
        with pytest.raises(MCPError, match="refine_code, judge_code, critique_code, run_code"):
            await client.call_tool("rewrite_code", {})


async def test_the_largest_problem_and_draft_go_through(era: str) -> None:
    world = World(critic=FakeChatModel(["no idea"]))
    draft = "#" + "x" * 199_999
    async with calling(world, era) as client:
        arguments = {"problem": "p" * 100_000, "solution": draft, "rounds": 0}
        result = await call(client, "refine_code", arguments)

    assert result.structured_content["solution"] == draft


async def test_a_body_beyond_the_limit_is_refused_before_it_is_read(era: str) -> None:
    async with calling(World(), era) as client:
        with pytest.raises(MCPError):
            await client.call_tool("refine_code", {"problem": "p" * 5_000_000})
        after = await call(client, "critique_code", ASK | {"solution": WRONG})

    assert not after.is_error

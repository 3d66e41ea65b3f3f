"""Spans of the gateway's work, recorded by the real SDK: what they cover, and what they never say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from service.domain.errors import GeneratorError, SandboxError
from service.observing import attributes as names
from service.observing.propagation import trace_headers
from service.observing.spans import Spans
from tests.fakes import ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.jobs.waiting import finished
from tests.unit.api.world import RIGHT, TESTS, WRONG, World, client_of, post

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
BODY = {"problem": "Add one to SECRET-PROBLEM.", "tests": TESTS, "entry_point": "f"}


@dataclass
class Recorded:
    """Spans that have ended."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)

    def spans(self) -> Spans:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        return Spans(provider.get_tracer("test"))

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span

    def said(self) -> str:
        return "\n".join(span.to_json() for span in self.exporter.get_finished_spans())


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def world(recorded: Recorded) -> World:
    sandbox = ScriptedSandbox({RIGHT: verdict_of(1, 1)})
    return World(sandbox=sandbox, spans=recorded.spans())


def _said(span: ReadableSpan) -> Mapping[str, object]:
    assert span.attributes is not None
    return span.attributes


def _parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def _id(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


async def test_a_refinement_has_a_span_for_each_round_and_each_call(world: World, recorded: Recorded) -> None:
    await post(world, "/refine", BODY)

    refinement, rounds = recorded.one(names.REFINEMENT), recorded.named(names.ROUND)
    assert [_said(span)[names.ROUND_INDEX] for span in rounds] == [0, 1]
    assert {_parent(span) for span in rounds} == {_id(refinement)}
    assert [_parent(span) for span in recorded.named(names.SANDBOX)] == [_id(span) for span in rounds]
    assert [_parent(span) for span in recorded.named("chat fake")] == [_id(span) for span in rounds]


async def test_a_refinement_tells_how_it_ended_and_what_it_took(world: World, recorded: Recorded) -> None:
    answer = (await post(world, "/refine", BODY)).json()

    said = _said(recorded.one(names.REFINEMENT))
    assert said[names.REFINEMENT_ID] == answer["id"]
    assert said[names.ENDED] == "judged_correct"
    assert said[names.ROUNDS] == 2
    assert said[names.OUTCOME] == "accepted"
    assert said[names.OUTPUT_TOKENS] == answer["usage"]["completion_tokens"]


async def test_a_model_call_follows_the_genai_conventions(world: World, recorded: Recorded) -> None:
    await post(world, "/refine", BODY | {"rounds": 0})

    said = _said(recorded.one("chat fake"))
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.request.model"] == "fake"
    assert said["gen_ai.request.temperature"] == pytest.approx(0.3)
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.cache_read.input_tokens"]) == (7, 3)
    assert said["gen_ai.response.finish_reasons"] == ("stop",)
    assert said[names.ROLE] == "critic"


async def test_streamed_and_parallel_rounds_hang_below_their_refinement(
    world: World, recorded: Recorded
) -> None:
    await post(world, "/refine", BODY | {"stream": True, "candidates": 3})

    refinement, rounds = recorded.one(names.REFINEMENT), recorded.named(names.ROUND)
    assert {_said(span)[names.CANDIDATE_INDEX] for span in rounds} == {0, 1, 2}
    assert {_parent(span) for span in rounds} == {_id(refinement)}
    assert {_parent(span) for span in recorded.named("chat fake")} <= {_id(span) for span in rounds}


async def test_the_clients_trace_goes_on(world: World, recorded: Recorded) -> None:
    async with client_of(world.app()) as client:
        await client.post("/refine", json=BODY, headers={"traceparent": PARENT})

    refinement = recorded.one(names.REFINEMENT)
    assert refinement.context is not None
    assert f"{refinement.context.trace_id:032x}" == TRACE
    assert f"{_parent(refinement):016x}" == "b7ad6b7169203331"


async def test_a_job_is_one_trace_however_often_it_is_taken_up(world: World, recorded: Recorded) -> None:
    world.generator = ScriptedGenerator([WRONG, "", RIGHT], fault=GeneratorError("gone"), fault_at=1)
    async with client_of(world.app()) as client:
        answer = await client.post(
            "/refine", json=BODY | {"background": True}, headers={"traceparent": PARENT}
        )
        await finished(client, answer.json()["id"])

    accepted, runs = recorded.one(names.ACCEPTED), recorded.named(names.REFINEMENT)
    assert f"{_parent(accepted):016x}" == "b7ad6b7169203331"
    assert accepted.context is not None
    assert [_parent(run) for run in runs] == [accepted.context.span_id] * 2


async def test_a_job_whose_client_has_no_trace_begins_one(world: World, recorded: Recorded) -> None:
    async with client_of(world.app()) as client:
        answer = await client.post("/refine", json=BODY | {"background": True})
        await finished(client, answer.json()["id"])

    accepted, run = recorded.one(names.ACCEPTED), recorded.one(names.REFINEMENT)
    assert accepted.parent is None
    assert accepted.context is not None
    assert _parent(run) == accepted.context.span_id


@pytest.mark.parametrize("parent", ["", "00-0-0-00", "x" * 5000, f"00-{'0' * 32}-{'0' * 16}-01"])
async def test_a_trace_that_is_none_is_begun_anew(world: World, recorded: Recorded, parent: str) -> None:
    async with client_of(world.app()) as client:
        answer = await client.post("/refine", json=BODY, headers={"traceparent": parent})

    assert answer.status_code == 200
    assert recorded.one(names.REFINEMENT).parent is None


async def test_whom_we_call_is_told_the_span_of_the_call(world: World, recorded: Recorded) -> None:
    heard: list[str] = []

    async def listen() -> None:
        heard.append(trace_headers()["traceparent"])

    world.generator = ScriptedGenerator([RIGHT], before=listen)
    async with client_of(world.app()) as client:
        await client.post("/refine", json=BODY | {"rounds": 0}, headers={"traceparent": PARENT})

    assert heard == [f"00-{TRACE}-{_id(recorded.one(names.ROUND)):016x}-01"]


async def test_without_a_collector_the_clients_trace_is_passed_on_as_it_came() -> None:
    heard: list[Mapping[str, str]] = []

    async def listen() -> None:
        heard.append(trace_headers())

    world = World(generator=ScriptedGenerator([RIGHT], before=listen))
    async with client_of(world.app()) as client:
        await client.post(
            "/refine", json=BODY | {"rounds": 0}, headers={"traceparent": PARENT, "baggage": "user=1"}
        )
        await client.post("/refine", json=BODY | {"rounds": 0})

    assert heard == [{"traceparent": PARENT}, {}]


async def test_a_failure_is_told_by_its_type_alone(world: World, recorded: Recorded) -> None:
    world.sandbox = ScriptedSandbox(fault=SandboxError("SECRET-WORDS"))
    await post(world, "/refine", BODY)

    failed = [recorded.one(name) for name in (names.SANDBOX, names.ROUND, names.REFINEMENT)]
    assert {_said(span)[names.ERROR_TYPE] for span in failed} == {"SandboxError"}
    assert {span.status.status_code for span in failed} == {StatusCode.ERROR}
    assert _said(failed[2])[names.ENDED] == "failed"
    assert "SECRET" not in recorded.said()


async def test_a_spent_budget_is_no_error(world: World, recorded: Recorded) -> None:
    await post(world, "/refine", BODY | {"budget": {"completion_tokens": 11}})

    assert [span.status.status_code for span in recorded.named(names.ROUND)] == [StatusCode.UNSET] * 2
    assert _said(recorded.one(names.REFINEMENT))[names.ENDED] == "budget_exhausted"


async def test_judgings_and_critiques_have_spans(world: World, recorded: Recorded) -> None:
    await post(world, "/judge", {"problem": "Add one.", "solutions": [WRONG, RIGHT], "votes": 2})
    await post(world, "/critique", {"problem": "Add one.", "solution": WRONG, "n": 2})

    judging, critique = _said(recorded.one(names.JUDGING)), _said(recorded.one(names.CRITIQUE))
    assert (judging[names.SOLUTIONS], judging[names.VOTES], judging[names.FAILED]) == (2, 2, 0)
    assert (critique[names.CRITIC], critique[names.VOTES]) == ("mini-critic", 2)


async def test_no_program_no_prompt_and_no_critique_is_in_a_span(world: World, recorded: Recorded) -> None:
    for path, body in (
        ("/refine", BODY | {"metadata": {"user": "SECRET-USER"}}),
        ("/refine", BODY | {"stream": True}),
        ("/judge", {"problem": "SECRET-PROBLEM", "solutions": [WRONG]}),
        ("/critique", {"problem": "SECRET-PROBLEM", "solution": WRONG}),
    ):
        await post(world, path, body)

    assert recorded.named(names.JUDGING)
    for text in ("SECRET", "def f", "return x", "odd numbers"):
        assert text not in recorded.said()


async def test_a_client_that_leaves_is_no_error(world: World, recorded: Recorded) -> None:
    with pytest.raises(GeneratorExit), world.spans.span(names.REFINEMENT):
        raise GeneratorExit

    span = recorded.one(names.REFINEMENT)
    assert _said(span)[names.CANCELLED] is True
    assert span.status.status_code is StatusCode.UNSET

"""What vLLM says it has read before, in a refinement of eight candidates and three rounds."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from service.settings import ModelSettings
from tests.prefix_reuse import Heard, refined, reuse, told_at_length
from tests.vllm_server import BLOCK, NEEDS_VLLM, VllmServer, endpoint

pytestmark = NEEDS_VLLM

SHIPPED = Path("weights/mini")
ROLES = pytest.mark.parametrize("role", ["generator", "critic"])
HITS, QUERIES = "vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"


@dataclass(frozen=True, slots=True)
class Measured:
    """A refinement that began with empty caches, and by role the tokens looked up in them and found."""

    statement: str
    heard: Heard
    looked_up: dict[str, float]
    found: dict[str, float]

    def told(self, role: str) -> tuple[int, int]:
        """Return the prompt and the cached tokens that the usage of all answers adds up to."""
        usages = [each.completion.usage for each in self.heard[role] if each.completion is not None]
        return sum(usage.prompt_tokens for usage in usages), sum(usage.cached_tokens for usage in usages)


@pytest.fixture(scope="module", params=["a sentence", "usual length"])
def measured(servers: dict[str, VllmServer], request: pytest.FixtureRequest) -> Measured:
    models = {role: _settings(role, server) for role, server in servers.items()}
    row = json.loads(SHIPPED.joinpath("demo.jsonl").read_text(encoding="utf-8").splitlines()[0])
    if request.param == "usual length":
        row = told_at_length(row)
    for server in servers.values():
        server.forget()
    before = {role: (server.metric(QUERIES), server.metric(HITS)) for role, server in servers.items()}
    heard = asyncio.run(refined(models, row))
    return Measured(
        request.param,
        heard,
        {role: server.metric(QUERIES) - before[role][0] for role, server in servers.items()},
        {role: server.metric(HITS) - before[role][1] for role, server in servers.items()},
    )


def _settings(role: str, server: VllmServer) -> ModelSettings:
    manifest = SHIPPED / role / f"{role}.json"
    return TypeAdapter[ModelSettings](ModelSettings).validate_python(endpoint(server, manifest=manifest))


@ROLES
def test_the_usage_of_answers_adds_up_to_what_vllm_counts(role: str, measured: Measured) -> None:
    assert measured.told(role) == (measured.looked_up[role], measured.found[role])


@ROLES
def test_vllm_has_read_before_what_the_prompts_let_expect(
    role: str, measured: Measured, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = reuse(SHIPPED, measured.heard, block=BLOCK)[role]
    answers_too = reuse(SHIPPED, measured.heard, block=BLOCK, written=True)[role]
    asked, cached = measured.told(role)

    whole = reuse(SHIPPED, measured.heard)[role]
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{measured.statement}, {role}: "
            f"vLLM had read {cached / asked:.1%} of {asked} prompt tokens before; counted: "
            f"{prompts.share:.1%}, with answers {answers_too.share:.1%}, without blocks {whole.share:.1%}"
        )
    assert asked == prompts.tokens
    # An answer's last token is never read, so a block that ends with it is not kept.
    assert prompts.shared <= cached <= answers_too.shared
    if measured.statement == "usual length":
        assert cached / asked >= 0.6

"""The real composition root, on random weights and with nothing behind the sandbox's address."""

import json
from pathlib import Path

import pytest

from service.adapters.manifest import ManifestError
from service.app import create_app, open_services
from service.caller import asking
from service.domain.chat import Sampling
from service.domain.errors import ModelError
from service.domain.identity import Identity
from service.domain.task import Candidate, Task
from service.settings import Settings, SettingsError, load_settings
from tests.engine_checkpoint import Shape, write_checkpoint
from tests.unit.api.auth_keys import auth
from tests.unit.api.test_manifest import MANIFEST
from tests.unit.api.world import client_of

CONFIG = """
[models.g]
engine = "embedded"
path = "g"
role = "generator"
[models.c]
engine = "embedded"
path = "c"
role = "critic"
[models.far]
engine = "openai"
base_url = "http://127.0.0.1:9/v1"
model = "any"
[defaults]
generator = "g"
critic = "c"
[sandbox]
url = "http://127.0.0.1:9"
timeout_s = 1
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("g", "c"):
        write_checkpoint(tmp_path / name, Shape(context=512))
    (tmp_path / "c" / "critic.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    return tmp_path


def _settings(directory: Path, config: str = CONFIG) -> Settings:
    (directory / "ctrl.toml").write_text(config, encoding="utf-8")
    return load_settings(directory / "ctrl.toml")


async def test_models_take_their_roles_wording_and_sampling_from_their_manifests(directory: Path) -> None:
    async with open_services(_settings(directory)) as services:
        critic = services.critic(None)

        assert set(services.generators) == {"g", "far"}
        assert set(services.critics) == {"c", "far"}
        assert critic.critic.template.id == "mini/critic/1"
        assert (critic.critique.temperature, critic.critique.max_tokens) == (0.0, 99)
        assert critic.card.notice == "mini world only"
        assert critic.card.version.startswith("c@")
        assert critic.card.version.endswith(f"+{critic.card.template}")


async def test_models_are_offered_as_themselves_and_only_an_endpoint_is_an_upstream(directory: Path) -> None:
    async with open_services(_settings(directory)) as services:
        upstreams = {name: served.upstream for name, served in services.models.items()}

    assert {name: upstream and upstream.model for name, upstream in upstreams.items()} == {
        "g": None,
        "c": None,
        "far": "any",
    }


async def test_weights_chat_by_their_name(directory: Path) -> None:
    ask = {"model": "g", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 3, "temperature": 0}
    async with client_of(create_app(_settings(directory))) as client:
        whole = (await client.post("/v1/chat/completions", json=ask)).json()
        agents = await client.post("/v1/chat/completions", json=ask | {"model": "refine", "tools": [{}]})
        unreachable = await client.post("/v1/chat/completions", json=ask | {"model": "far"})

    assert whole["usage"]["completion_tokens"] == 3
    assert whole["choices"][0]["finish_reason"] == "length"
    assert (agents.status_code, agents.json()["error"]["param"]) == (400, "tools")
    assert (unreachable.status_code, unreachable.json()["error"]["code"]) == (502, "model_failed")


async def test_when_to_refine_is_read_from_the_defaults(directory: Path) -> None:
    config = CONFIG.replace('generator = "g"', 'generator = "g"\nrefine_when = "never"')
    async with open_services(_settings(directory, config)) as services:
        assert services.bounds.refine_when == "never"


async def test_a_whole_refinement_runs_on_embedded_weights(directory: Path) -> None:
    ask = {"problem": "Add.", "entry_point": "f", "rounds": 1, "sampling": {"max_tokens": 5, "seed": 1}}
    async with client_of(create_app(_settings(directory))) as client:
        first, again = [(await client.post("/refine", json=ask)).json() for _ in range(2)]
        ready = await client.get("/ready")
        tested = await client.post("/refine", json=ask | {"tests": [{"args": [1], "expected": 1}]})

    assert len(first["rounds"]) == 2
    assert [a_round["solution"] for a_round in first["rounds"]] == [
        a_round["solution"] for a_round in again["rounds"]
    ]
    assert first["notice"] == "mini world only"
    assert first["models"]["critic"]["manifest"]["template"]["id"] == "mini/critic/1"
    assert ready.status_code == 503
    assert [name for name, part in ready.json()["parts"].items() if not part["ready"]] == ["sandbox"]
    assert tested.status_code == 502
    assert tested.json()["type"] == "/problems/sandbox-failed"


async def test_an_endpoint_that_is_not_there_is_not_ready(directory: Path) -> None:
    async with open_services(_settings(directory)) as services:
        with pytest.raises(ModelError, match="far"):
            await services.generator("far").ping()


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (('role = "critic"', 'role = "generator"'), None, ""),
        (('generator = "g"', 'generator = "c"'), SettingsError, "defaults.generator names 'c'"),
        (('critic = "c"', 'critic = "g"'), SettingsError, "defaults.critic names 'g'"),
        (('path = "g"', 'path = "nowhere"'), ModelError, "nowhere"),
        (('path = "c"', 'path = "c"\ntemplate = "none.toml"'), ManifestError, "none.toml"),
    ],
)
async def test_a_configuration_that_cannot_be_served_is_refused_at_the_start(
    directory: Path, change: tuple[str, str], error: type[Exception] | None, says: str
) -> None:
    if error is None:
        # The role of the configuration finds no manifest of its own, and the weights serve as that.
        error, says = SettingsError, "defaults.critic"
    settings = _settings(directory, CONFIG.replace(*change))

    with pytest.raises(error, match=says):
        async with open_services(settings):
            pass


@pytest.mark.parametrize("change", [('critic = "c"', 'critic = "g"'), ('path = "g"', 'path = "nowhere"')])
async def test_it_is_refused_in_the_same_words_with_keys_and_a_store(
    directory: Path, change: tuple[str, str]
) -> None:
    """What watches beside the service put the refusal into a group, which was told as a crash."""
    more = f'[store]\nurl = "redis://127.0.0.1:9/0"\n[auth]\nkeys = "{auth(directory).keys}"\n'
    settings = _settings(directory, CONFIG.replace(*change) + more)

    with pytest.raises((SettingsError, ModelError)):
        async with open_services(settings):
            pass


async def test_a_critic_whose_template_is_unknown_is_refused(directory: Path) -> None:
    manifest = MANIFEST | {"template": {"id": "someone/else/7"}}
    (directory / "c" / "critic.json").write_text(json.dumps(manifest), encoding="utf-8")

    with pytest.raises(ManifestError, match="someone/else/7"):
        async with open_services(_settings(directory)):
            pass


async def test_two_tenants_never_share_an_answer(directory: Path) -> None:
    settings = _settings(directory, CONFIG.replace("[sandbox]", "[cache]\nentries = 9\n[sandbox]"))
    task, candidate, greedy = Task("add"), Candidate("x = 1"), Sampling(temperature=0, max_tokens=2)
    async with open_services(settings) as services:
        critic = services.critic("c").critic
        for tenant in ("one", "one", "two"):
            with asking(Identity(tenant, frozenset())):
                await critic.critique(task, candidate, None, greedy, None)
        counted = services.telemetry.exposition()[0].decode()

    assert 'ctrl_model_cache_total{result="miss"} 2.0' in counted
    assert 'ctrl_model_cache_total{result="hit"} 1.0' in counted

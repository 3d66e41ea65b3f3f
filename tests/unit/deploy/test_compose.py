"""What `docker compose` is told, held against the settings and the files it names; needs no engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox_runner.settings import Settings as SandboxSettings
from service.settings import load_settings

ROOT = Path(__file__).parents[3]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
ENGINES = ("embedded", "cpu", "gpu")
_ASSIGNMENT = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=(\S.*)$", re.MULTILINE)
_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*):-([^}]*)\}")


def _project() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE))


def _passed_on(service: str) -> dict[str, Any]:
    return dict(_project()["services"][service]["environment"])


def _resolved(value: str) -> str:
    return _REFERENCE.sub(lambda found: found[2], value)


@pytest.fixture
def example() -> dict[str, str]:
    """Every value of the example, those commented out included."""
    return dict(_ASSIGNMENT.findall(EXAMPLE))


def test_the_example_has_just_the_variables_that_compose_reads(example: dict[str, str]) -> None:
    read = {name for name, _ in _REFERENCE.findall(COMPOSE)}
    unset = {
        name
        for service in ("gateway", "sandbox")
        for name, value in _passed_on(service).items()
        if value is None
    }

    assert set(example) - {"COMPOSE_PROFILES"} == read | unset


def test_what_the_example_sets_is_what_compose_does_without_it() -> None:
    live = dict(_ASSIGNMENT.findall("\n".join(line for line in EXAMPLE.splitlines() if line[:1] != "#")))
    defaults = dict(_REFERENCE.findall(COMPOSE))

    assert {name: defaults[name] for name in live if name != "COMPOSE_PROFILES"} == {
        name: value for name, value in live.items() if name != "COMPOSE_PROFILES"
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_the_gateway_starts_with_what_the_example_sets(
    engine: str, example: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _passed_on("gateway").items():
        if name != "CTRL_CONFIG":
            monkeypatch.setenv(name, example.get(name, "") if value is None else _resolved(str(value)))
    monkeypatch.setenv("CTRL_AUTH__OPEN", example["CTRL_AUTH__OPEN"])

    settings = load_settings(ROOT / f"deploy/compose/{engine}.toml")

    assert settings.server.max_inflight == 64
    assert str(settings.auth.keys) == "/run/secrets/ctrl_keys"
    assert {settings.defaults.generator, settings.defaults.critic} <= set(settings.models)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_an_example_the_gateway_is_open_and_keeps_jobs_in_redis(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _passed_on("gateway").items():
        if value is not None and name != "CTRL_CONFIG":
            monkeypatch.setenv(name, _resolved(str(value)))

    settings = load_settings(ROOT / f"deploy/compose/{engine}.toml")

    assert settings.auth.open
    assert settings.mcp.allowed_hosts == ("gateway",)
    assert settings.store.url.get_secret_value() == "redis://redis:6379/0"
    assert str(settings.sandbox.url) == "http://sandbox:8080/"


def test_a_sandbox_has_room_for_as_many_programs_as_it_works_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _passed_on("sandbox").items():
        monkeypatch.setenv(name, _resolved(value))

    settings = SandboxSettings.from_environment()
    limit = _resolved(_project()["services"]["sandbox"]["mem_limit"])

    assert limit.endswith("g")
    assert settings.concurrency is not None  # one more than asked for would not fit
    assert settings.concurrency * settings.max_memory_bytes + 2**30 <= int(limit[:-1]) * 2**30
    assert settings.fusion_memory_bytes <= settings.max_memory_bytes


def test_models_of_the_mini_engines_are_where_the_files_say() -> None:
    embedded, cpu = (load_settings(ROOT / f"deploy/compose/{engine}.toml") for engine in ENGINES[:2])

    for settings in (embedded, cpu):
        for model in settings.models.values():
            named = getattr(model, "path", None) or model.manifest
            assert named is not None
            assert (ROOT / named.relative_to("/srv")).exists(), named
    assert set(embedded.models) == set(cpu.models)


def test_servers_that_the_files_name_are_services_of_their_profile() -> None:
    for engine in ("cpu", "gpu"):
        urls = {
            url
            for model in load_settings(ROOT / f"deploy/compose/{engine}.toml").models.values()
            for url in _addresses(model)
        }

        assert urls == {f"http://{name}:8000/v1" for name in _names_in("models", profile=engine)}


def test_critic_and_generator_do_not_take_the_same_gpu() -> None:
    """`count: 1` is the first GPU of the machine, for whoever asks."""
    chosen = {}
    for name, service in _project()["services"].items():
        if "gpu" in service.get("profiles", []):
            [device] = service["deploy"]["resources"]["reservations"]["devices"]
            assert device["count"] == "all", name
            chosen[name] = _resolved(service["environment"]["CUDA_VISIBLE_DEVICES"])

    assert chosen == {"critic-gpu": "0", "generator-gpu": "1"}


def test_every_part_has_walls_and_limits() -> None:
    for name, service in _project()["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service.get("privileged") is None, name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert name == "gateway" or not str(service["user"]).startswith(("root", "0")), name


def test_nothing_but_gateway_and_prometheus_shares_a_network_with_the_sandbox() -> None:
    project = _project()
    services = project["services"]

    assert services["sandbox"]["networks"] == ["sandbox"]
    assert project["networks"]["sandbox"]["internal"] is True
    assert {name for name, service in services.items() if "sandbox" in service["networks"]} == {
        "gateway",
        "sandbox",
        "prometheus",
    }


def test_ports_are_published_on_loopback_alone() -> None:
    for service in _project()["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("image", ["gateway", "sandbox", "critic"])
def test_an_image_ends_as_an_ordinary_user_on_a_base_of_ones_choice(image: str) -> None:
    lines = (ROOT / f"deploy/docker/{image}/Dockerfile").read_text(encoding="utf-8").splitlines()

    assert any(line.startswith("ARG BASE_IMAGE=") and ":latest" not in line for line in lines)
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER 1001"


def test_the_gateways_image_brings_the_plots_that_the_page_shows() -> None:
    built = (
        (ROOT / "deploy/docker/gateway/Dockerfile").read_text(encoding="utf-8").partition("RUN --mount")[0]
    )

    assert "COPY docs/results docs/results\n" in built
    assert "docs" not in _ignored()
    assert _ignored().index("docs/*") < _ignored().index("!docs/results")


def test_the_gateways_image_brings_no_weights_but_the_mini_models() -> None:
    """What `ctrl-train export` writes for other configurations lies beside them, gigabytes of it."""
    dockerfile = (ROOT / "deploy/docker/gateway/Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^COPY (weights\S*) ", dockerfile, re.MULTILINE) == ["weights/mini"]
    assert _ignored().index("weights/*") < _ignored().index("!weights/mini")


def _ignored() -> list[str]:
    return (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def _addresses(model: Any) -> tuple[str, ...]:
    return tuple(model.addresses)


def _names_in(network: str, profile: str) -> set[str]:
    names = set()
    for name, service in _project()["services"].items():
        if profile in service.get("profiles", []):
            joined = service["networks"]
            names.add(name if isinstance(joined, list) else joined[network]["aliases"][0])
    return names


def test_redis_refuses_writes_before_its_container_is_out_of_memory(example: dict[str, str]) -> None:
    """Half of it: a fork that rewrites the file may copy all there is."""
    command = _project()["services"]["redis"]["command"]
    most = _resolved(command[command.index("--maxmemory") + 1])

    assert 2 * int(most.removesuffix("mb")) <= int(example["REDIS_MEMORY"].removesuffix("m"))

"""The manifests for Kubernetes, held against its schemas, our settings and our routes."""

import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox_runner.app import create_app as create_sandbox
from sandbox_runner.settings import Settings as SandboxSettings
from service.settings import OpenAIModelSettings
from tests.unit.api.world import World, client_of
from tests.unit.deploy.kustomize import ROOT, Json, KustomizeError, pod_templates, render
from tests.unit.deploy.manifests import (
    KUBERNETES,
    OVERLAYS,
    container,
    environment,
    gateway_settings,
    one,
    sandbox_settings,
)

VALIDATED = ("1.33", "1.37")
"""The oldest version that the sandbox runs on, and the newest that is known here."""
OPERATORS = {"ServiceMonitor", "PrometheusRule"}
"""Kinds of Prometheus Operator, of which Kubernetes has no schema."""


def _paths(app: Starlette) -> set[str]:
    told = app.openapi()["paths"] if isinstance(app, FastAPI) else {}
    return {route.path for route in app.routes if isinstance(route, Route)} | set(told)


@pytest.mark.parametrize("version", VALIDATED)
def test_every_object_is_what_kubernetes_knows(version: str) -> None:
    rendered = {json.dumps(each) for overlay in OVERLAYS for each in render(KUBERNETES / overlay)}
    known = [each for each in map(json.loads, rendered) if each["kind"] not in OPERATORS]

    assert len(known) > 25
    for each in known:
        kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_itself_renders_the_same(overlay: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("needs kubectl, whose own kustomize is compared with")
    command = [kubectl, "kustomize", str(KUBERNETES / overlay)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    # Generated names end in a hash of what they hold.
    theirs = yaml.safe_load_all(re.sub(r"\b(gateway-config|sandbox-seccomp)-[a-z0-9]{10}\b", r"\1", said))

    assert _by_name(list(theirs)) == _by_name(render(KUBERNETES / overlay))


def _by_name(objects: list[Json]) -> dict[tuple[str, ...], Json]:
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in objects
    }


def test_the_gateway_starts_with_its_settings(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = gateway_settings(objects, tmp_path, monkeypatch)
    serving = container(objects, "gateway")
    mounts = {each["mountPath"]: each["name"] for each in serving["volumeMounts"]}

    assert mounts[str(settings.auth.keys.parent) if settings.auth.keys else ""] == "keys"
    assert mounts[str(Path(environment(serving)["CTRL_CONFIG"]).parent)] == "config"
    assert settings.store.url.get_secret_value().startswith("redis://")
    assert not settings.auth.open


def test_the_gateway_finds_the_sandbox_by_the_name_of_its_service(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = gateway_settings(objects, tmp_path, monkeypatch).sandbox.url
    service = one(objects, "Service", "sandbox")

    assert url.host == f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert url.port == service["spec"]["ports"][0]["port"]


def test_every_model_is_weights_of_the_image_or_a_server_that_is_there(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = {
        f"http://{prefix}{each['metadata']['name']}:8000/v1": each["metadata"]["name"]
        for each in objects
        if each["kind"] == "StatefulSet"
        for prefix in ("", *(f"{each['metadata']['name']}-{n}." for n in range(each["spec"]["replicas"])))
    }
    for model in gateway_settings(objects, tmp_path, monkeypatch).models.values():
        if isinstance(model, OpenAIModelSettings):
            names = {served[address] for address in model.addresses}
            [name] = names
            assert len(model.addresses) == one(objects, "StatefulSet", name)["spec"]["replicas"]
            assert model.model == environment(container(objects, name))["SERVED_NAME"]
        files = (getattr(model, "path", None), model.manifest)
        assert all((ROOT / file.relative_to("/srv")).exists() for file in files if file is not None)


def test_the_sandbox_starts_with_its_settings(objects: list[Json], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = sandbox_settings(objects, monkeypatch)

    assert settings.min_tier >= "T2"


def test_a_sandbox_has_room_for_as_many_boxes_as_it_works_at(
    objects: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = sandbox_settings(objects, monkeypatch)
    limits = container(objects, "sandbox")["resources"]["limits"]

    assert settings.concurrency == int(limits["cpu"])
    assert settings.concurrency * settings.max_memory_bytes + 2**30 <= int(limits["memory"][:-2]) * 2**30
    assert settings.fusion_memory_bytes <= settings.max_memory_bytes


def test_probes_ask_for_routes_that_there_are() -> None:
    apps = {"gateway": World().app(), "sandbox": create_sandbox(SandboxSettings())}
    objects = render(KUBERNETES / "overlays/gpu")
    monitored = {
        endpoint["path"]
        for each in objects
        if each["kind"] == "ServiceMonitor"
        for endpoint in each["spec"]["endpoints"]
    }
    for name, app in apps.items():
        probes = [probe for kind, probe in container(objects, name).items() if kind.endswith("Probe")]
        asked = {probe["httpGet"]["path"] for probe in probes}

        assert len(probes) == 3
        assert asked | monitored <= _paths(app), name


def test_a_pod_that_is_told_to_stop_has_the_time_that_it_needs(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drains = {
        "gateway": gateway_settings(objects, tmp_path, monkeypatch).server.drain_s,
        "sandbox": sandbox_settings(objects, monkeypatch).drain_s,
    }
    for name, drain_s in drains.items():
        waits_s = container(objects, name)["lifecycle"]["preStop"]["sleep"]["seconds"]
        grace_s = pod_templates(objects)[name]["spec"]["terminationGracePeriodSeconds"]

        assert grace_s >= waits_s + drain_s + 5


def test_gateways_multiply_well_before_one_of_them_is_full(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {
        metric["pods"]["metric"]["name"]: int(metric["pods"]["target"]["averageValue"])
        for metric in one(objects, "HorizontalPodAutoscaler", "gateway")["spec"]["metrics"]
        if metric["type"] == "Pods"
    }
    settings = gateway_settings(objects, tmp_path, monkeypatch)
    full = {"ctrl_inflight": settings.server.max_inflight, "ctrl_jobs_at_work": settings.store.max_background}

    assert asked.keys() == full.keys()
    assert all(asked[name] <= 0.7 * full[name] for name in full)


async def test_the_adapter_brings_each_metric_that_gateways_multiply_by() -> None:
    adapter = yaml.safe_load((KUBERNETES / "components/monitoring/adapter-values.yaml").read_text())
    scaling = one(render(KUBERNETES / "base"), "HorizontalPodAutoscaler", "gateway")["spec"]["metrics"]
    asked = [metric["pods"]["metric"]["name"] for metric in scaling if metric["type"] == "Pods"]
    async with client_of(World().app()) as client:
        exposed = (await client.get("/metrics")).text

    assert [rule["name"]["as"] for rule in adapter["rules"]["custom"]] == asked
    for name, rule in zip(asked, adapter["rules"]["custom"], strict=True):
        assert f"\n{name} " in exposed
        assert rule["seriesQuery"].startswith(f"{name}{{")
        assert f"({name}{{" in rule["metricsQuery"]


def test_gateways_are_asked_for_as_much_cpu_as_one_process_uses(objects: list[Json]) -> None:
    assert Decimal(container(objects, "gateway")["resources"]["requests"]["cpu"]) == 1


def test_redis_refuses_writes_before_its_container_is_out_of_memory() -> None:
    redis = container(render(KUBERNETES / "overlays/cpu"), "redis")
    most = redis["args"][redis["args"].index("--maxmemory") + 1]

    assert 2 * int(most.removesuffix("mb")) <= int(redis["resources"]["limits"]["memory"].removesuffix("Mi"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"resources": ["gone.yaml"]}, "gone.yaml"),
        ({"patches": [{"path": "patch.yaml"}]}, "which is not there"),
        ({"commonLabels": {"a": "b"}}, "commonLabels is not known"),
    ],
)
def test_an_overlay_that_names_what_is_not_there_is_not_rendered(
    tmp_path: Path, wrong: Json, said: str
) -> None:
    header = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(header | wrong), encoding="utf-8")
    patch = {"kind": "Deployment", "metadata": {"name": "gateway"}}
    (tmp_path / "patch.yaml").write_text(json.dumps(patch), encoding="utf-8")

    with pytest.raises((KustomizeError, FileNotFoundError), match=said):
        render(tmp_path)

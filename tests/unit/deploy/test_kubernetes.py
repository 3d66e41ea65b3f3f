"""The manifests for Kubernetes, held against its schemas, our settings, our routes and our images."""

import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox_runner.app import create_app as create_sandbox
from sandbox_runner.settings import Settings as SandboxSettings
from service.settings import OpenAIModelSettings, Settings, load_settings
from tests.unit.api.world import World
from tests.unit.deploy.kustomize import ROOT, Json, containers, pod_templates, render

KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = ("base", "overlays/cpu", "overlays/gpu", "overlays/gpu-gvisor")
IMAGES = {"ctrl-gateway": "gateway", "ctrl-sandbox": "sandbox", "ctrl-vllm": "critic"}
"""Our images, and the folders below deploy/docker they are built in."""
FOREIGN = {"redis"}
VALIDATED = ("1.33", "1.37")
"""The oldest version that the sandbox runs on, and the newest that is known here."""
OPERATORS = {"ServiceMonitor", "PrometheusRule"}
"""Kinds of Prometheus Operator, of which Kubernetes has no schema."""


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[Json]:
    return render(KUBERNETES / request.param)


def _one(objects: list[Json], kind: str, name: str) -> Json:
    [found] = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def _container(objects: list[Json], name: str) -> Json:
    return dict(pod_templates(objects)[name]["spec"]["containers"][0])


def _environment(container: Json) -> dict[str, str]:
    secret = "redis://:secret@redis.example.org:6379/0"  # the only value that comes from a secret
    return {each["name"]: each.get("value", secret) for each in container.get("env", [])}


def _gateway_settings(objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    config = tmp_path / "ctrl.toml"
    config.write_text(_one(objects, "ConfigMap", "gateway-config")["data"]["ctrl.toml"], encoding="utf-8")
    for name, value in _environment(_container(objects, "gateway")).items():
        monkeypatch.setenv(name, value)
    return load_settings(config)


def _sandbox_settings(objects: list[Json], monkeypatch: pytest.MonkeyPatch) -> SandboxSettings:
    for name, value in _environment(_container(objects, "sandbox")).items():
        monkeypatch.setenv(name, value)
    return SandboxSettings.from_environment()


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
    settings = _gateway_settings(objects, tmp_path, monkeypatch)
    container = _container(objects, "gateway")
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}

    assert mounts[str(settings.auth.keys.parent) if settings.auth.keys else ""] == "keys"
    assert mounts[str(Path(_environment(container)["CTRL_CONFIG"]).parent)] == "config"
    assert settings.store.url.get_secret_value().startswith("redis://")
    assert not settings.auth.open


def test_the_gateway_finds_the_sandbox_by_the_name_of_its_service(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = _gateway_settings(objects, tmp_path, monkeypatch).sandbox.url
    service = _one(objects, "Service", "sandbox")

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
    for model in _gateway_settings(objects, tmp_path, monkeypatch).models.values():
        if isinstance(model, OpenAIModelSettings):
            names = {served[address] for address in model.addresses}
            [name] = names
            assert len(model.addresses) == _one(objects, "StatefulSet", name)["spec"]["replicas"]
            assert model.model == _environment(_container(objects, name))["SERVED_NAME"]
        files = (getattr(model, "path", None), model.manifest)
        assert all((ROOT / file.relative_to("/srv")).exists() for file in files if file is not None)


def test_the_sandbox_starts_with_its_settings(objects: list[Json], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _sandbox_settings(objects, monkeypatch)

    assert settings.min_tier >= "T2"


def test_a_sandbox_has_room_for_as_many_boxes_as_it_works_at(
    objects: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _sandbox_settings(objects, monkeypatch)
    limits = _container(objects, "sandbox")["resources"]["limits"]

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
        probes = [probe for kind, probe in _container(objects, name).items() if kind.endswith("Probe")]
        asked = {probe["httpGet"]["path"] for probe in probes}

        assert len(probes) == 3
        assert asked | monitored <= _paths(app), name


def test_a_port_is_the_one_that_the_image_listens_on(objects: list[Json]) -> None:
    for name, template in pod_templates(objects).items():
        [container, *_] = template["spec"]["containers"]
        image = container["image"].rpartition("/")[2].rpartition(":")[0]
        if image in FOREIGN or "ports" not in container:
            continue
        dockerfile = ROOT / "deploy/docker" / IMAGES[image] / "Dockerfile"
        exposed = re.findall(r"^EXPOSE (\d+)$", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)

        assert [str(port["containerPort"]) for port in container["ports"]] == exposed, name
        assert template["spec"]["securityContext"]["runAsUser"] == 1001, name


def test_every_image_is_one_we_build_or_one_we_know(objects: list[Json]) -> None:
    for template in pod_templates(objects).values():
        for container in containers(template):
            name, _, tag = container["image"].rpartition("/")[2].rpartition(":")

            assert name in IMAGES or name in FOREIGN
            assert tag not in {"", "latest"}


def test_a_pod_that_is_told_to_stop_has_the_time_that_it_needs(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drains = {
        "gateway": _gateway_settings(objects, tmp_path, monkeypatch).server.drain_s,
        "sandbox": _sandbox_settings(objects, monkeypatch).drain_s,
    }
    for name, drain_s in drains.items():
        waits_s = _container(objects, name)["lifecycle"]["preStop"]["sleep"]["seconds"]
        grace_s = pod_templates(objects)[name]["spec"]["terminationGracePeriodSeconds"]

        assert grace_s >= waits_s + drain_s + 5


def test_gateways_multiply_well_before_one_of_them_is_full(
    objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [by_inflight] = [
        metric["pods"]
        for metric in _one(objects, "HorizontalPodAutoscaler", "gateway")["spec"]["metrics"]
        if metric["type"] == "Pods"
    ]
    full = _gateway_settings(objects, tmp_path, monkeypatch).server.max_inflight
    adapter = yaml.safe_load((KUBERNETES / "components/monitoring/adapter-values.yaml").read_text())

    assert int(by_inflight["target"]["averageValue"]) <= 0.7 * full
    assert by_inflight["metric"]["name"] == adapter["rules"]["custom"][0]["name"]["as"] == "ctrl_inflight"


def test_what_selects_selects_something(objects: list[Json]) -> None:
    labels = [template["metadata"]["labels"] for template in pod_templates(objects).values()]
    services = [each["metadata"].get("labels", {}) for each in objects if each["kind"] == "Service"]
    for each in objects:
        selector = _selector(each)
        among = services if each["kind"] == "ServiceMonitor" else labels
        if selector is not None:
            assert any(_selects(selector, those) for those in among), each["metadata"]["name"]


def _selector(each: Json) -> Json | None:
    match each["kind"]:
        case "Service":
            return {"matchLabels": each["spec"]["selector"]}
        case "NetworkPolicy":
            return dict(each["spec"]["podSelector"])
        case "ServiceMonitor" | "PodDisruptionBudget" | "Deployment" | "StatefulSet" | "DaemonSet":
            return dict(each["spec"]["selector"])
    return None


def _selects(selector: Json, labels: dict[str, str]) -> bool:
    exact = selector.get("matchLabels", {}).items()
    among = selector.get("matchExpressions", [])
    return exact <= labels.items() and all(labels.get(each["key"]) in each["values"] for each in among)


def test_what_scales_is_there_and_says_no_number_of_its_own(objects: list[Json]) -> None:
    for each in objects:
        if each["kind"] == "HorizontalPodAutoscaler":
            target = each["spec"]["scaleTargetRef"]
            scaled = _one(objects, target["kind"], target["name"])

            assert scaled["metadata"]["namespace"] == each["metadata"]["namespace"]
            assert "replicas" not in scaled["spec"]


def test_ports_and_volumes_are_named_as_they_are_called(objects: list[Json]) -> None:
    for name, template in pod_templates(objects).items():
        volumes = {each["name"] for each in template["spec"].get("volumes", [])}
        claims = {
            each["metadata"]["name"]
            for owner in objects
            if owner["kind"] == "StatefulSet" and owner["metadata"]["name"] == name
            for each in owner["spec"].get("volumeClaimTemplates", [])
        }
        for container in containers(template):
            ports = {port["name"] for port in container.get("ports", [])}
            probes = [probe for kind, probe in container.items() if kind.endswith("Probe")]
            asked = {
                door["port"]
                for probe in probes
                for door in (probe.get("httpGet"), probe.get("tcpSocket"))
                if door
            }

            assert asked <= ports, name
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes | claims, name


def test_every_secret_is_one_that_the_documentation_makes(objects: list[Json]) -> None:
    text = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
    made = set(re.findall(r"create secret generic (\S+)", text))
    for template in pod_templates(objects).values():
        volumes = template["spec"].get("volumes", [])
        mounted = {each["secret"]["secretName"] for each in volumes if "secret" in each}
        variables = [each.get("valueFrom", {}) for box in containers(template) for each in box.get("env", [])]
        read = {each["secretKeyRef"]["name"] for each in variables if "secretKeyRef" in each}

        assert mounted | read <= made
    for each in objects:
        if each["kind"] == "ServiceMonitor" and "authorization" in each["spec"]["endpoints"][0]:
            assert each["spec"]["endpoints"][0]["authorization"]["credentials"]["name"] in made


def test_nothing_runs_with_more_than_it_needs(objects: list[Json]) -> None:
    for name, template in pod_templates(objects).items():
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False, name
        # SANDBOX_PORT, made from a service's name, is no setting, and the sandbox refuses to start with it.
        assert pod["enableServiceLinks"] is False, name
        for container in containers(template):
            walls: dict[str, Any] = {**pod["securityContext"], **container["securityContext"]}
            assert walls["allowPrivilegeEscalation"] is False, name
            assert walls["readOnlyRootFilesystem"] is True, name
            assert walls["capabilities"] == {"drop": ["ALL"]}, name
            assert walls["seccompProfile"]["type"] in {"RuntimeDefault", "Localhost"}, name
            assert walls.get("runAsNonRoot") is True or container["name"] == "copy", name
            assert container["resources"]["limits"]["memory"], name


def test_the_sandbox_is_walled_off_and_reaches_nothing(objects: list[Json]) -> None:
    pod = pod_templates(objects)["sandbox"]["spec"]
    policies = [
        each["spec"]
        for each in objects
        if each["kind"] == "NetworkPolicy" and each["metadata"]["namespace"] == "ctrl-sandbox"
    ]
    from_where = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for policy in policies
        for rule in policy.get("ingress", [])
        for peer in rule["from"]
    ]

    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
    assert not any("egress" in policy for policy in policies)
    assert from_where == ["gateway", "prometheus"]
    assert pod["nodeSelector"] == {"ctrl-refine/pool": "sandbox"}
    assert pod["tolerations"][0]["key"] == "ctrl-refine/pool"


def test_boxes_get_namespaces_of_their_own_by_the_profile_on_the_node() -> None:
    objects = render(KUBERNETES / "base")
    pod = pod_templates(objects)["sandbox"]["spec"]
    copy = pod_templates(objects)["sandbox-profile"]["spec"]
    [folder] = [each["hostPath"]["path"] for each in copy["volumes"] if "hostPath" in each]
    profile = pod["securityContext"]["seccompProfile"]
    copied = Path(copy["initContainers"][0]["command"][-1]).name

    assert f"{folder}/{copied}" == f"/var/lib/kubelet/seccomp/{profile['localhostProfile']}"
    assert copied in _one(objects, "ConfigMap", "sandbox-seccomp")["data"]
    # The API refuses an unmasked /proc to a pod that shares the node's users.
    assert pod["hostUsers"] is False
    assert pod["containers"][0]["securityContext"]["procMount"] == "Unmasked"


def test_gvisor_takes_the_place_of_what_the_node_gave() -> None:
    objects = render(KUBERNETES / "overlays/gpu-gvisor")
    pod = pod_templates(objects)["sandbox"]["spec"]

    assert pod["runtimeClassName"] == _one(objects, "RuntimeClass", "gvisor")["metadata"]["name"]
    assert "hostUsers" not in pod
    assert "procMount" not in pod["containers"][0]["securityContext"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert _environment(pod["containers"][0])["SANDBOX_MIN_TIER"] == "T4"


def test_gateways_are_asked_for_as_much_cpu_as_one_process_uses(objects: list[Json]) -> None:
    assert Decimal(_container(objects, "gateway")["resources"]["requests"]["cpu"]) == 1

"""What one manifest calls by name is there in another, in an image or in the documentation."""

import re

import pytest

from tests.unit.deploy.kustomize import ROOT, Json, containers, pod_templates, render
from tests.unit.deploy.manifests import KUBERNETES, OVERLAYS, one

IMAGES = {"ctrl-gateway": "gateway", "ctrl-sandbox": "sandbox", "ctrl-vllm": "critic"}
"""Our images, and the folders below deploy/docker they are built in."""
FOREIGN = {"redis"}


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
            scaled = one(objects, target["kind"], target["name"])

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


def test_every_image_is_one_we_build_or_one_we_know(objects: list[Json]) -> None:
    for template in pod_templates(objects).values():
        for container in containers(template):
            name, _, tag = container["image"].rpartition("/")[2].rpartition(":")

            assert name in IMAGES or name in FOREIGN
            assert tag not in {"", "latest"}


@pytest.mark.parametrize("overlay", [each for each in OVERLAYS if each != "base"])
def test_every_image_of_an_overlay_is_one_that_the_documentation_builds(overlay: str) -> None:
    text = (ROOT / "docs/kubernetes.md").read_text(encoding="utf-8")
    built = set(re.findall(r"^docker build .* -t (\S+)", text, re.MULTILINE))
    used = {
        container["image"]
        for template in pod_templates(render(KUBERNETES / overlay)).values()
        for container in containers(template)
    }

    assert [image for image in used - built if not image.startswith("redis:")] == []


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

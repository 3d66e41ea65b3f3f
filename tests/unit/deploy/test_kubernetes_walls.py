"""What runs on Kubernetes has no more than it needs, and the sandbox reaches nothing."""

from pathlib import Path
from typing import Any

from tests.unit.deploy.kustomize import Json, containers, pod_templates, render
from tests.unit.deploy.manifests import KUBERNETES, environment, one


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
    assert copied in one(objects, "ConfigMap", "sandbox-seccomp")["data"]
    # The API refuses an unmasked /proc to a pod that shares the node's users.
    assert pod["hostUsers"] is False
    assert pod["containers"][0]["securityContext"]["procMount"] == "Unmasked"


def test_gvisor_takes_the_place_of_what_the_node_gave() -> None:
    objects = render(KUBERNETES / "overlays/gpu-gvisor")
    pod = pod_templates(objects)["sandbox"]["spec"]

    assert pod["runtimeClassName"] == one(objects, "RuntimeClass", "gvisor")["metadata"]["name"]
    assert "hostUsers" not in pod
    assert "procMount" not in pod["containers"][0]["securityContext"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert environment(pod["containers"][0])["SANDBOX_MIN_TIER"] == "T4"

"""What the tests of the manifests share: the overlays, and the settings that their containers start with."""

from pathlib import Path

import pytest

from sandbox_runner.settings import Settings as SandboxSettings
from service.settings import Settings, load_settings
from tests.unit.deploy.kustomize import ROOT, Json, pod_templates

KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = ("base", "overlays/cpu", "overlays/gpu", "overlays/gpu-gvisor")


def one(objects: list[Json], kind: str, name: str) -> Json:
    """Return the object of that name."""
    [found] = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def container(objects: list[Json], name: str) -> Json:
    """Return the container that a workload is about."""
    return dict(pod_templates(objects)[name]["spec"]["containers"][0])


def environment(container: Json) -> dict[str, str]:
    """Return the variables that a container starts with."""
    secret = "redis://:secret@redis.example.org:6379/0"  # the only value that comes from a secret
    return {each["name"]: each.get("value", secret) for each in container.get("env", [])}


def gateway_settings(objects: list[Json], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Read the gateway's settings as it would in its container."""
    config = tmp_path / "ctrl.toml"
    config.write_text(one(objects, "ConfigMap", "gateway-config")["data"]["ctrl.toml"], encoding="utf-8")
    for name, value in environment(container(objects, "gateway")).items():
        monkeypatch.setenv(name, value)
    return load_settings(config)


def sandbox_settings(objects: list[Json], monkeypatch: pytest.MonkeyPatch) -> SandboxSettings:
    """Read the sandbox's settings as it would in its container."""
    for name, value in environment(container(objects, "sandbox")).items():
        monkeypatch.setenv(name, value)
    return SandboxSettings.from_environment()

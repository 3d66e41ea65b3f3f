"""What `kubectl kustomize` makes of an overlay, for the few fields that ours use; it refuses every other.

Where kubectl is, a test compares the two. `python -m tests.unit.deploy.kustomize FOLDER…` prints YAML.
"""

import re
import sys
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

ROOT = Path(__file__).parents[3]
_IDENTITY = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
}
"""By which member elements of a list are the same one; other lists are replaced whole."""


class KustomizeError(Exception):
    """A kustomization that names what is not there, or uses what is not known here."""


def render(folder: Path) -> list[Json]:
    """Return the objects of an overlay."""
    objects: list[Json] = []
    _add(folder.resolve(), objects)
    return objects


def _add(folder: Path, objects: list[Json]) -> None:
    spec = _read(folder / "kustomization.yaml")[0]
    spec.pop("apiVersion")
    spec.pop("kind")
    for name in spec.pop("resources", []) + spec.pop("components", []):
        path = folder / name
        if path.is_dir():
            _add(path, objects)
        else:
            objects.extend(_read(path))
    for wish in spec.pop("configMapGenerator", []):
        _generate(folder, dict(wish), objects)
    for patch in spec.pop("patches", []):
        _patch(_read(folder / patch["path"])[0], patch.get("target"), objects)
    for image in spec.pop("images", []):
        _rename(image["name"], image["newName"], objects)
    if spec:
        raise KustomizeError(f"{folder}: {', '.join(spec)} is not known to tests/unit/deploy/kustomize.py")


def _read(path: Path) -> list[Json]:
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def _generate(folder: Path, wish: Json, objects: list[Json]) -> None:
    data = {Path(name).name: (folder / name).read_text(encoding="utf-8") for name in wish["files"]}
    metadata = {"name": wish["name"], "namespace": wish["namespace"]}
    there = [each for each in objects if each["kind"] == "ConfigMap" and each["metadata"] == metadata]
    match there, wish.get("behavior", "create"):
        case [one], "replace":
            one["data"] = data
        case [], "create":
            objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        case _:
            raise KustomizeError(f"{folder}: {wish['name']}: {wish.get('behavior', 'create')} does not fit")


def _patch(patch: Json, target: Json | None, objects: list[Json]) -> None:
    wanted = target or {"kind": patch["kind"], "name": patch["metadata"]["name"]}
    found = [
        number
        for number, each in enumerate(objects)
        if each["kind"] == wanted["kind"] and re.fullmatch(wanted["name"], each["metadata"]["name"])
    ]
    if not found:
        raise KustomizeError(f"a patch is for {wanted}, which is not there")
    for number in found:
        identity = {name: objects[number][name] for name in ("apiVersion", "kind", "metadata")}
        objects[number] = _merged(objects[number], patch) | identity


def _merged(old: Json, new: Json) -> Json:
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(old.get(name), dict):
            merged[name] = _merged(old[name], value)
        elif name in _IDENTITY and name in old:
            merged[name] = _merged_list(old[name], value, _IDENTITY[name])
        else:
            merged[name] = value
    return merged


def _merged_list(old: list[Json], new: list[Json], identity: str) -> list[Json]:
    changes = {each[identity]: each for each in new}
    kept = [_merged(each, changes.pop(each[identity], {})) for each in old]
    return [*changes.values(), *kept]


def _rename(name: str, new: str, objects: list[Json]) -> None:
    for template in pod_templates(objects).values():
        for container in containers(template):
            image, _, tag = container["image"].rpartition(":")
            if image == name:
                container["image"] = f"{new}:{tag}"


def pod_templates(objects: list[Json]) -> dict[str, Json]:
    """Return what pods are made from, by the name of what makes them."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in objects
        if each["kind"] in {"Deployment", "StatefulSet", "DaemonSet"}
    }


def containers(template: Json) -> list[Json]:
    """Return all containers of a pod, those of its start included."""
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        yaml.safe_dump_all(render(Path(argument)), sys.stdout, sort_keys=False)
        sys.stdout.write("---\n")

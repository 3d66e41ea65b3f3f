"""The dashboard as the file has it, and as Grafana's own types read it."""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.unit.deploy.kustomize import ROOT, Json

FOLDER = ROOT / "deploy/grafana"


def dashboard() -> Json:
    """Return what is in the file."""
    return dict(json.loads((FOLDER / "dashboards/ctrl.json").read_text(encoding="utf-8")))


def understood(written: Json) -> Json:
    """Return what Grafana's types make of a dashboard: what they do not know is gone."""
    register_default_plugins()
    return dict(json.loads(JSONEncoder().encode(Dashboard.from_json(written))))


def lost(written: object, read: object, place: str = "") -> list[str]:
    """Say where something was written that was not read, or was read as something else."""
    match written, read:
        case dict(), dict():
            return [
                where
                for key, each in written.items()
                for where in lost(each, read.get(key), f"{place}/{key}")
            ]
        case list(), list() if len(written) == len(read):
            return [
                where
                for number, (old, new) in enumerate(zip(written, read, strict=True))
                for where in lost(old, new, f"{place}/{number}")
            ]
    return [] if written == read else [place]

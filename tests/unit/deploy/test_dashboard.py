"""The dashboard is one that Grafana, as docker-compose.yml starts it, loads and can draw."""

import importlib.metadata
import re

import pytest
import yaml

from tests.unit.deploy.dashboards import FOLDER, dashboard, lost, understood
from tests.unit.deploy.kustomize import ROOT, Json


def test_grafana_knows_everything_that_the_dashboard_says() -> None:
    assert lost(dashboard(), understood(dashboard())) == []


@pytest.mark.parametrize(
    "place",
    [(), ("fieldConfig", "defaults"), ("fieldConfig", "defaults", "custom"), ("options",), ("gridPos",)],
)
def test_a_misspelt_key_is_noticed(place: tuple[str, ...]) -> None:
    wrong = dashboard()
    number = next(n for n, panel in enumerate(wrong["panels"]) if panel["type"] == "timeseries")
    spot = wrong["panels"][number]
    for key in place:
        spot = spot[key]
    spot["titel"] = "x"

    assert lost(wrong, understood(wrong)) == ["/".join(["", "panels", str(number), *place, "titel"])]


def test_its_schema_is_that_of_the_grafana_which_compose_starts() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    [started] = re.findall(r"grafana/grafana:(\d+\.\d+)", compose)
    checked = importlib.metadata.version("grafana-foundation-sdk").partition("!")[2]

    assert checked.startswith(f"{started}.")


def test_every_panel_asks_the_datasource_that_is_provisioned() -> None:
    provisioned = (FOLDER / "provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8")
    [source] = yaml.safe_load(provisioned)["datasources"]
    for panel in _drawn():
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": source["type"], "uid": source["uid"]}, panel["title"]


def test_provisioning_looks_where_compose_mounts_the_dashboards() -> None:
    provisioned = (FOLDER / "provisioning/dashboards/ctrl.yaml").read_text(encoding="utf-8")
    [provider] = yaml.safe_load(provisioned)["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    mounts = dict(each.split(":")[:2] for each in compose["services"]["grafana"]["volumes"])

    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"


def test_every_panel_can_be_told_apart_and_asks_something() -> None:
    panels = dashboard()["panels"]

    assert dashboard()["uid"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in _drawn():
        letters = [target["refId"] for target in panel["targets"]]

        assert panel["title"]
        assert letters == sorted(set(letters)) != []
        assert all(target["expr"] for target in panel["targets"])


def test_no_panel_lies_over_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def _drawn() -> list[Json]:
    drawn = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    assert {panel["type"] for panel in drawn} == {"stat", "timeseries"}
    return drawn

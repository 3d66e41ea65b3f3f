"""Alerts, rules and the dashboard ask for metrics that gateway and sandbox have, by labels that they have."""

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from sandbox_runner.app import create_app
from sandbox_runner.domain.verdict import Outcome as SandboxOutcome
from sandbox_runner.domain.verdict import TestResult, Tier
from sandbox_runner.settings import Settings as SandboxSettings
from service.adapters.metrics import MeteredCall
from service.domain.critique import Judgment, Parsed
from service.domain.errors import ModelError
from service.domain.refinement import StopReason
from service.domain.verdict import Outcome
from tests.fakes import ScriptedGenerator
from tests.unit.api.world import TESTS, World, client_of, post
from tests.unit.deploy.dashboards import dashboard
from tests.unit.deploy.kustomize import ROOT, Json
from tests.unit.deploy.rules import FOLDER, OPERATORS_FILE, groups, operators_form
from tests.unit.sandbox.api_client import CALL
from tests.unit.sandbox.fake_sandbox import FakeJudge, fake_sandbox

JOBS = {"gateway", "sandbox"}
CLOSED: dict[str, set[str]] = {
    "stop_reason": {*StopReason, "failed", "refused"},
    "judgment": {*Judgment, "none"},
    "parsed": {*Parsed},
    "outcome": {*Outcome} | {*SandboxOutcome},
    "tier": {*Tier},
    "job": JOBS,
    "alertstate": {"pending", "firing"},
    "kind": {"prompt", "cached", "completion", "busy", "breaker_open", "failed"},
}
"""What a label's value may be, where a rule names one."""
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@dataclass
class Exposed:
    """What is to be had: names of series, and the labels that traffic gave them."""

    labels: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def read(self, text: str) -> None:
        for family in text_string_to_metric_families(text):
            for suffix in _SUFFIXES[family.type]:
                self.labels[family.name + suffix] |= {"job", "instance"}
            for sample in family.samples:
                self.labels[sample.name] |= set(sample.labels)


@pytest.fixture
async def exposed() -> Exposed:
    """Scrape both apps after some traffic, failures among it; add what rules record and Prometheus makes."""
    found = Exposed()
    world = World()
    await post(world, "/refine", {"problem": "Add one.", "tests": TESTS, "entry_point": "f"})
    world.generator = ScriptedGenerator([""], fault=ModelError("gone"), fault_at=0)
    await post(world, "/refine", {"problem": "Add one."})
    world.metrics.count_shared("hit")
    with suppress(ModelError), MeteredCall(world.metrics, "critic"):
        raise ModelError("gone")
    async with client_of(world.app()) as client:
        found.read((await client.get("/metrics")).text)
    sandbox = fake_sandbox(FakeJudge(), Tier.T3)
    sandbox.metrics.test_finished(TestResult(SandboxOutcome.ACCEPTED), "python")
    sandbox.metrics.infra_error("box")
    sandbox.metrics.refused("busy")
    async with client_of(create_app(SandboxSettings(), sandbox)) as client:
        await client.post("/judge", json=CALL)
        found.read((await client.get("/metrics")).text)
    found.labels["up"] = {"job", "instance"}
    found.labels["ALERTS"] = {"alertname", "alertstate", "severity"}
    for rule in _rules():
        if "record" in rule:
            found.labels[rule["record"]] = set(_grouped(rule["expr"]))
    return found


def _rules() -> list[Json]:
    return [rule for group in groups() for rule in group["rules"]]


def _expressions() -> Iterator[str]:
    for rule in _rules():
        yield rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"].replace("$__rate_interval", "5m")


def _selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(each: promql_parser.Expr) -> bool:
        if isinstance(each, promql_parser.MatrixSelector):
            found.append(each.vector_selector)
        elif isinstance(each, promql_parser.VectorSelector):
            found.append(each)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def _grouped(expression: str) -> list[str]:
    found: list[str] = []

    def visit(each: promql_parser.Expr) -> bool:
        if isinstance(each, promql_parser.AggregateExpr) and each.modifier is not None:
            found.extend(each.modifier.labels)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def test_every_metric_that_is_asked_for_is_there(exposed: Exposed) -> None:
    asked = {selector.name for expression in _expressions() for selector in _selectors(expression)}

    assert len(asked) > 30
    assert asked - exposed.labels.keys() == set()


def test_every_label_that_is_asked_for_is_one_its_metric_has(exposed: Exposed) -> None:
    for expression in _expressions():
        selectors = _selectors(expression)
        had = set().union(*(exposed.labels[str(each.name)] for each in selectors))
        for selector in selectors:
            matched = {matcher.name for matcher in selector.matchers.matchers}

            assert matched <= exposed.labels[str(selector.name)], expression
        assert set(_grouped(expression)) <= had, expression


def test_every_value_that_is_asked_for_is_one_its_label_can_have() -> None:
    for expression in _expressions():
        for selector in _selectors(expression):
            for matcher in selector.matchers.matchers:
                known = CLOSED[matcher.name]

                assert any(re.fullmatch(matcher.value, value) for value in known), expression


def test_everything_that_gateway_and_sandbox_measure_is_looked_at(exposed: Exposed) -> None:
    asked = {str(selector.name) for expression in _expressions() for selector in _selectors(expression)}
    families = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in exposed.labels}
    seen = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in asked}

    assert families - seen == set()


def test_whoever_looks_at_the_dashboard_sees_the_alerts_that_fire() -> None:
    """Compose has nobody who sends them, and Prometheus publishes no port."""
    assert any(selector.name == "ALERTS" for each in _expressions() for selector in _selectors(each))


def test_rounds_are_shared_out_among_refinements_that_have_some() -> None:
    [shared_out] = [each for each in _expressions() if each.startswith("sum(rate(ctrl_rounds_total")]
    [*_, ended] = _selectors(shared_out)
    [matcher] = ended.matchers.matchers
    left_out = {reason for reason in CLOSED["stop_reason"] if re.fullmatch(matcher.value, reason)}

    assert left_out == {"failed", "refused", StopReason.CANCELLED}


def test_an_alert_says_how_urgent_it_is_and_is_explained() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    alerts = [rule for rule in _rules() if "alert" in rule]

    assert len({rule["alert"] for rule in alerts}) == len(alerts)
    for rule in alerts:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in text


def test_prometheus_asks_the_ports_that_the_images_listen_on() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    asked = {
        each["job_name"]: each["dns_sd_configs"][0]
        for each in config["scrape_configs"]
        if "dns_sd_configs" in each
    }

    assert asked.keys() == JOBS
    for job, where in asked.items():
        dockerfile = (ROOT / f"deploy/docker/{job}/Dockerfile").read_text(encoding="utf-8")
        assert where["names"] == [job]
        assert f"EXPOSE {where['port']}\n" in dockerfile
    assert config["rule_files"] == ["/etc/prometheus/rules/*.yml"]


def test_the_operator_gets_the_same_rules() -> None:
    said = "run `python -m tests.unit.deploy.rules > deploy/kubernetes/components/monitoring/rules.yaml`"

    assert OPERATORS_FILE.read_text(encoding="utf-8") == operators_form(), said


def test_every_alert_fires_on_its_fault_and_on_nothing_else() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, from Debian's package prometheus")
    tests = FOLDER / "tests/alerts.yml"
    ran = subprocess.run([promtool, "test", "rules", str(tests)], capture_output=True, text=True, check=False)
    checked = yaml.safe_load(tests.read_text(encoding="utf-8"))
    fired = {
        test["alertname"]
        for case in checked["tests"]
        for test in case.get("alert_rule_test", [])
        if test.get("exp_alerts")
    }

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert fired == {rule["alert"] for rule in _rules() if "alert" in rule}


def test_prometheus_itself_reads_configuration_and_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, from Debian's package prometheus")
    rules = sorted(map(str, (FOLDER / "rules").glob("*.yml")))
    for arguments in (
        ["check", "rules", "--lint=all", "--lint-fatal", *rules],
        ["check", "config", "--syntax-only", str(FOLDER / "prometheus.yml")],
    ):
        ran = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)

        assert ran.returncode == 0, ran.stdout + ran.stderr

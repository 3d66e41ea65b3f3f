"""Alerts and recording rules as Prometheus reads them, and as its operator for Kubernetes wants them.

`python -m tests.unit.deploy.rules` prints the operator's form: the file beside its ServiceMonitors.
"""

import sys

import yaml

from tests.unit.deploy.kustomize import ROOT, Json

FOLDER = ROOT / "deploy/prometheus"
OPERATORS_FILE = ROOT / "deploy/kubernetes/components/monitoring/rules.yaml"
REMARK = "# Made from deploy/prometheus/rules by `python -m tests.unit.deploy.rules`; change those.\n"


def groups() -> list[Json]:
    """Return every group of rules."""
    files = sorted((FOLDER / "rules").glob("*.yml"))
    return [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]


def operators_form() -> str:
    """Wrap the groups in the object that Prometheus Operator looks for."""
    metadata = {"name": "ctrl", "namespace": "ctrl", "labels": {"release": "prometheus"}}
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata,
        "spec": {"groups": groups()},
    }
    dumped: str = yaml.safe_dump(rule, sort_keys=False, width=110)
    return REMARK + dumped


if __name__ == "__main__":
    sys.stdout.write(operators_form())

"""A real Prometheus, as we configure it, watches a real gateway and a real sandbox at work."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from service.cli.stack import free_port
from tests.gateway_process import gateway_process
from tests.process import START_S, Process
from tests.unit.deploy.dashboards import dashboard
from tests.unit.deploy.kustomize import ROOT
from tests.unit.deploy.rules import FOLDER

pytestmark = pytest.mark.isolation

_CONFIG = """
[models.generator]
engine = "embedded"
path = "{weights}/generator"
role = "generator"
[models.critic]
engine = "embedded"
path = "{weights}/critic"
role = "critic"
[defaults]
generator = "generator"
critic = "critic"
[sandbox]
url = "{sandbox}"
"""
_REFINE = {
    "problem": "Write f(x), which adds one to x.",
    "entry_point": "f",
    "solution": "def f(x):\n    return x",
    "tests": [{"args": [1], "expected": 2}],
    "rounds": 1,
}
_SCRAPES = 4


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Ask it, once it has seen everybody a few times, before and after a refinement."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("needs prometheus, from Debian's package of that name")
    sandbox = Process(("-m", "sandbox_runner.cli"), tmp_path / "sandbox.log", "/ready")
    config = tmp_path / "gateway.toml"
    config.write_text(_CONFIG.format(weights=ROOT / "weights/mini", sandbox=sandbox.url), encoding="utf-8")
    gateway = gateway_process(config)
    with ExitStack() as stack:
        for process in (sandbox, gateway):
            stack.callback(process.kill)
            await process.start()
        url = stack.enter_context(_prometheus(program, tmp_path, gateway.port, sandbox.port))
        async with httpx.AsyncClient(base_url=url, timeout=30) as client, asyncio.timeout(START_S):
            await _seen(client, _SCRAPES)
            asked = await client.post(f"{gateway.url}/refine", json=_REFINE)
            assert asked.status_code == 200, asked.text
            await _seen(client, 2 * _SCRAPES)
            yield client


@contextmanager
def _prometheus(program: str, folder: Path, gateway: int, sandbox: int) -> Iterator[str]:
    """Run it on our configuration, but for the addresses, and its patience."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    port = free_port()
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(FOLDER / "rules/*.yml")]
    for job, its_port in (("gateway", gateway), ("sandbox", sandbox), ("prometheus", port)):
        scraped = next(each for each in config["scrape_configs"] if each["job_name"] == job)
        scraped.pop("dns_sd_configs", None)
        scraped["static_configs"] = [{"targets": [f"127.0.0.1:{its_port}"]}]
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(config), encoding="utf-8")
    places = (f"--config.file={written}", f"--storage.tsdb.path={folder / 'series'}")
    command = [program, *places, f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


async def _seen(client: httpx.AsyncClient, scrapes: int) -> None:
    """Wait until each of the two was scraped so often, without a failure."""
    asked = 'min(sum_over_time(up{job=~"gateway|sandbox"}[10m])) and count(up{job=~"gateway|sandbox"}) == 2'
    while True:
        try:
            found = await _query(client, asked)
        except httpx.TransportError:
            found = []
        if found and float(found[0]["value"][1]) >= scrapes:
            return
        await asyncio.sleep(0.2)


async def _query(client: httpx.AsyncClient, expression: str) -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/query", params={"query": expression})
    assert answer.status_code in {200, 503}, f"{expression}: {answer.text}"
    return list(answer.json()["data"]["result"]) if answer.status_code == 200 else []


async def test_it_applies_every_rule_draws_every_panel_and_finds_nothing_wrong(
    prometheus: httpx.AsyncClient,
) -> None:
    rules = (await prometheus.get("/api/v1/rules")).json()["data"]["groups"]
    alerts = (await prometheus.get("/api/v1/alerts")).json()["data"]["alerts"]
    empty = {
        target["expr"]
        for panel in dashboard()["panels"]
        for target in panel.get("targets", [])
        if not await _query(prometheus, target["expr"].replace("$__rate_interval", "1m"))
    }

    assert {rule["health"] for group in rules for rule in group["rules"]} == {"ok"}
    assert [alert["labels"]["alertname"] for alert in alerts] == []
    # No alert fires, nobody was refused, and nothing failed: these have no series before the first time.
    assert empty == {
        'sum by (alertname) (ALERTS{alertstate="firing"})',
        "sum by (part, kind) (rate(ctrl_upstream_errors_total[$__rate_interval]))",
        "sum by (reason) (rate(ctrl_refused_total[$__rate_interval]))",
    }

"""A real vLLM on the CPU, on loopback, from an environment of its own: `make test-vllm` builds it."""

import json
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.adapters.manifest import pin_of
from service.cli.stack import free_port

PYTHON = Path(".venv-vllm/bin/python")
_INSTALLED = Path(".venv-vllm/installed")
START_S, STOP_S = 400.0, 60.0
BLOCK = 32
"""Tokens that the prefix cache keeps together: the fewest that vLLM takes on a CPU; it would take 128."""
NEEDS_VLLM = [
    pytest.mark.vllm,
    pytest.mark.timeout(2 * START_S),
    pytest.mark.skipif(
        not _INSTALLED.is_file(),
        reason="NO VLLM: `make test-vllm` installs one (3 GB, 4 minutes) and runs this",
    ),
]

# Development mode has the route that empties the prefix cache.
_SETTINGS = (
    "VLLM_CPU_KVCACHE_SPACE=1",
    "VLLM_NO_USAGE_STATS=1",
    "HF_HUB_OFFLINE=1",
    "VLLM_SERVER_DEV_MODE=1",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1",
)
_HOW = ("--dtype", "float32", "--max-model-len", "1024", "--enforce-eager", "--block-size", str(BLOCK))
_CACHE = ("--enable-prefix-caching", "--enable-prompt-tokens-details")


@dataclass(frozen=True, slots=True)
class VllmServer:
    """One process and its children."""

    name: str
    """It serves its weights by this, and by this and the pin of their manifest."""
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def await_work(self) -> None:
        """Wait until it has answered once with logprobs, which is slow the first time."""
        deadline = time.monotonic() + START_S
        while not self._is_healthy():
            assert self.process.poll() is None, f"vLLM ended by itself:\n{self._last_words()}"
            assert time.monotonic() < deadline, f"vLLM is not healthy yet:\n{self._last_words()}"
            time.sleep(0.5)
        question = [{"role": "user", "content": "Judgment:"}]
        wish = {"messages": question, "max_tokens": 1, "logprobs": True, "top_logprobs": 5}
        self.post("/v1/chat/completions", {"model": self.name, **wish}).raise_for_status()

    def post(self, path: str, body: object = None) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=120)

    def forget(self) -> None:
        """Empty the prefix cache."""
        self.post("/reset_prefix_cache").raise_for_status()

    def metric(self, name: str, **labels: str) -> float:
        """Add up the samples of a metric that have these labels."""
        families = text_string_to_metric_families(httpx.get(f"{self.url}/metrics", timeout=60).text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        assert samples, f"vLLM has no metric {name}"
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([line for line in lines if "Error" in line][-10:] or lines[-10:])


@contextmanager
def vllm_server(
    weights: Path, name: str, directory: Path, options: Sequence[str] = ()
) -> Generator[VllmServer, None, None]:
    """Start a server of shipped weights; it is not waited for, so that several may start side by side."""
    port, log = free_port(), directory / f"vllm-{name}.log"
    names = ("--served-model-name", name, f"{name}@{pin_of(weights / f'{name}.json')}")
    where = ("--model", str(weights), *names, "--host", "127.0.0.1", "--port", str(port))
    serve = ("-m", "vllm.entrypoints.openai.api_server", *where, *_HOW, *_CACHE, *options)
    with log.open("wb") as written:
        process = subprocess.Popen(
            ["/usr/bin/env", *_SETTINGS, str(PYTHON), *serve], stdout=written, stderr=written
        )
    try:
        yield VllmServer(name, port, log, process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def endpoint(server: VllmServer, **more: object) -> dict[str, object]:
    """Return the settings of a model that the server is asked for by its name."""
    address = f"{server.url}/v1"
    return {"engine": "openai", "role": server.name, "base_url": address, "model": server.name} | more


def configuration(path: Path, models: Mapping[str, Mapping[str, object]]) -> Path:
    """Write a gateway's configuration, whose defaults are the models `generator` and `critic`."""
    tables = [
        f"[models.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        for name, settings in models.items()
    ]
    tables.append('[defaults]\ngenerator = "generator"\ncritic = "critic"\n')
    path.write_text("\n".join(tables), encoding="utf-8")
    return path

"""Other gateways, each in an environment of its own, in front of the same mock endpoint."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Service, running

_HOME = Path(".venv-peers")


@dataclass(frozen=True, slots=True)
class Peer:
    """A package that serves `/v1/chat/completions`."""

    name: str
    requirement: str
    ready: str
    model: str
    needs_torch: bool = False

    @property
    def binaries(self) -> Path:
        return _HOME / self.name / "bin"

    def install(self) -> None:
        """Make its environment, if there is none."""
        if (self.binaries / self.name).exists():
            return
        print(f"installing {self.name} into {self.binaries.parent}", file=sys.stderr)
        python = str(self.binaries / "python")
        subprocess.run([sys.executable, "-m", "venv", self.binaries.parent], check=True)
        # As in the Makefile: torch by pip, which honours the index chosen for it; the rest by uv.
        if self.needs_torch:
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "torch==2.13.0"], check=True)
        uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", python]
        subprocess.run([*uv, "--compile-bytecode", self.requirement], check=True)


LITELLM = Peer("litellm", "litellm[proxy]==1.106.2", "/health/liveliness", "writer")
OPTILLM = Peer("optillm", "optillm==0.4.0", "/health", "none-writer", needs_torch=True)


@asynccontextmanager
async def peers(upstream: Service, folder: Path) -> AsyncIterator[list[tuple[Peer, Service]]]:
    """Run every peer until the context ends."""
    for peer in (LITELLM, OPTILLM):
        peer.install()
    async with AsyncExitStack() as stack:
        litellm = await stack.enter_async_context(_litellm(upstream, folder))
        optillm = await stack.enter_async_context(_optillm(upstream))
        yield [(LITELLM, litellm), (OPTILLM, optillm)]


@asynccontextmanager
async def _litellm(upstream: Service, folder: Path) -> AsyncIterator[Service]:
    config = folder / "litellm.yaml"
    config.write_text(
        "model_list:\n"
        "  - model_name: writer\n"
        f"    litellm_params: {{model: openai/writer, api_base: {upstream.url}/v1, api_key: none}}\n"
    )
    command = (str(LITELLM.binaries / "litellm"), "--config", str(config), "--host", "127.0.0.1")
    # Nobody is asked for a key, as by ours: that is the lightest way through either.
    environment = {"LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true"}
    async with running("litellm", command, ready=LITELLM.ready, environment=environment) as service:
        yield service


@asynccontextmanager
async def _optillm(upstream: Service) -> AsyncIterator[Service]:
    command = (str(OPTILLM.binaries / "optillm"), "--approach", "none", "--base-url", f"{upstream.url}/v1")
    environment = {"OPENAI_API_KEY": "none"}
    async with running("optillm", command, ready=OPTILLM.ready, environment=environment) as service:
        yield service

"""The commands for one node in docs/training-scale.md, with stand-ins for vLLM, sandbox and stages."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.stack import free_port

DOCUMENT = Path("docs/training-scale.md")
PORTS = ("8000", "8001", "8002", "8003", "8080")
_HEADING, _BLOCK = "## One node, 7B", re.compile(r"```sh\n(.*?)```", re.DOTALL)

_SERVER = """
import http.server, os, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
if str(port) == os.environ["BROKEN"]:
    sys.exit(1)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(os.environ.get("CUDA_VISIBLE_DEVICES", "").encode())
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
_STAGE = """
import json, os, sys, urllib.error, urllib.request
heard = {}
for port in os.environ["PORTS"].split():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            heard[port] = answer.read().decode()
    except urllib.error.URLError:
        pass
said = [word for word in sys.argv[1:] if word in os.environ["STAGES"].split()]
with open(os.environ["RECORD"], "a") as record:
    print(json.dumps([said[0], heard, os.environ.get("CUDA_VISIBLE_DEVICES", "")]), file=record)
"""
STAGES = ("base", "tasks", "solve", "hints", "synthesize", "sft", "grpo", "export", "evaluate", "report")


def test_models_are_sampled_as_they_are_asked_and_not_as_their_folders_say() -> None:
    """TRL asks the sampler, the one with transferred weights, for every parameter; nobody else does."""
    text = DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ")
    served = [line for line in text.splitlines() if re.search(r"vllm serve \S+ .*--", line)]
    asked = [line for line in served if "--weight-transfer-config" not in line]

    assert len(served) > len(asked) > 3
    assert all("--generation-config vllm" in line for line in asked)


class Node:
    """A machine with nothing but stand-ins, where each port of the document is a free one."""

    def __init__(self, folder: Path) -> None:
        self.ports = {port: str(free_port()) for port in PORTS}
        self._record = folder / "record"
        self._programs = folder / "bin"
        self._programs.mkdir()
        for name in ("vllm", "ctrl-sandbox"):
            self._stand_in(name, _SERVER)
        for name in ("accelerate", "ctrl-train"):
            self._stand_in(name, _STAGE)
        for program in ("pip", "hf"):
            self._stand_in(program, "")
        self._stand_in("sleep", "import time\ntime.sleep(0.05)")

    def _stand_in(self, name: str, text: str) -> None:
        program = self._programs / name
        program.write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
        program.chmod(0o755)

    def run(self, broken: str = "") -> subprocess.CompletedProcess[str]:
        [text] = _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8").split(_HEADING)[1].split("\n## ")[0])
        script = re.sub(r"\b8(?:00[0-3]|080)\b", lambda port: self.ports[port[0]], text)
        environment = {
            "PATH": f"{self._programs}:/usr/bin:/bin",
            "PORTS": " ".join(self.ports.values()),
            "STAGES": " ".join(STAGES),
            "RECORD": str(self._record),
            "BROKEN": self.ports.get(broken, ""),
        }
        return subprocess.run(
            ["/bin/bash", "-e", "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def stages(self) -> list[tuple[str, dict[str, str], str]]:
        """Return each stage with the ports that answered, their GPUs by port, and its own GPUs."""
        named = {real: port for port, real in self.ports.items()}
        lines = self._record.read_text(encoding="utf-8").splitlines() if self._record.exists() else []
        return [
            (stage, {named[port]: gpus for port, gpus in heard.items()}, own)
            for stage, heard, own in map(json.loads, lines)
        ]

    def is_quiet(self) -> bool:
        """Whether no server is left."""
        for port in self.ports.values():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                    return False
        return True


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_every_stage_finds_the_servers_that_it_asks_and_no_others(node: Node) -> None:
    ended = node.run()

    assert ended.returncode == 0, ended.stderr
    stages = node.stages()
    served = {stage: set(heard) for stage, heard, _ in stages}
    assert tuple(served) == STAGES
    assert all(served[stage] == {"8001"} for stage in STAGES[:5])
    assert served["sft"] == served["export"] == set()
    assert served["grpo"] == {"8000", "8001", "8080"}
    assert served["evaluate"] == {"8001", "8002", "8003", "8080"}
    assert node.is_quiet()


def test_no_gpu_is_given_to_two(node: Node) -> None:
    node.run()

    for stage, heard, own in node.stages():
        given = [gpu for gpus in (*heard.values(), own) for gpu in gpus.split(",") if gpu]
        assert len(given) == len(set(given)), stage


@pytest.mark.parametrize("broken", ["8001", "8000", "8003"])
def test_a_server_that_does_not_start_ends_the_sequence_and_leaves_none_behind(
    node: Node, broken: str
) -> None:
    ended = node.run(broken=broken)

    assert ended.returncode != 0
    assert "report" not in [stage for stage, *_ in node.stages()]
    assert node.is_quiet()

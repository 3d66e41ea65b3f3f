"""The local stack: what it says when it cannot start, and that nothing outlives it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.exits import StackError
from service.cli.stack import Part, Stack, free_port, port_is_free, running, stack

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def _part(name: str, script: str = SERVER) -> Part:
    port = free_port()
    return Part(name, port, f"--{name}-port", [sys.executable, "-c", script, str(port)])


def test_both_parts_run_while_the_context_lasts(tmp_path: Path) -> None:
    described = Stack(_part("sandbox"), _part("gateway"), tmp_path / "log")

    with running(described) as started:
        assert all(part.answers() for part in started.parts)

    assert all(part.died for part in described.parts)
    assert all(port_is_free(part.port) for part in described.parts)


def test_a_port_in_use_is_said_with_its_remedy() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with (
            pytest.raises(StackError, match=f"port {port} is in use.*--sandbox-port"),
            running(stack(free_port(), port, None, None)),
        ):
            pass


def test_a_part_that_does_not_start_gives_its_reason_and_takes_the_other_along(tmp_path: Path) -> None:
    line = json.dumps({"event": "gateway_not_started", "reason": "no weights at /nowhere"})
    described = Stack(
        _part("sandbox"), _part("gateway", f"print({line!r}); raise SystemExit(3)"), tmp_path / "log"
    )

    with (
        pytest.raises(StackError, match="the gateway did not start: no weights at /nowhere"),
        running(described),
    ):
        pass

    assert described.sandbox.died


def test_a_part_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    # One answer, and then the end.
    dying = SERVER.replace("serve_forever()", "handle_request()").replace("Threading", "")
    described = Stack(_part("sandbox", dying), _part("gateway"), tmp_path / "log")
    with pytest.raises(StackError, match=r"the sandbox ended by itself"), running(described) as started:
        started.wait()

    assert described.gateway.died


CHILD = """
import time
from service.cli.parent import end_with_parent
end_with_parent()
print("there", flush=True)
time.sleep(60)
print("outlived it")
"""


def test_a_part_ends_although_the_command_is_killed() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as command:
        assert command.stdout is not None
        there = command.stdout.readline()
        command.kill()
        rest = command.stdout.read()  # to its end, which is the child's

    assert (there, rest) == (b"there\n", b"")
    assert all("--with-parent" in part.command for part in stack(8000, 8080, None, None).parts)

"""Clients that begin a request and take their time, or would rather speak another protocol."""

import http.client
import json
import socket
import time
from collections.abc import Generator
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox_runner import protocol, serving
from sandbox_runner.app import create_app
from sandbox_runner.protocol import HEAD_BYTES, BoundedHeadProtocol
from sandbox_runner.settings import Settings
from tests.unit.cli.serving import serving as in_a_thread
from tests.unit.sandbox.api_client import CALL
from tests.unit.sandbox.fake_sandbox import FakeJudge, fake_sandbox

PATIENCE_S = 20
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Hasty(BoundedHeadProtocol):
    head_s = 0.3


@pytest.fixture
def url() -> Generator[str, None, None]:
    with in_a_thread(create_app(Settings(), fake_sandbox(FakeJudge())), http=Hasty) as url:
        yield url


def _connect(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((str(address.hostname), address.port or 0), timeout=PATIENCE_S)


def _rest(connection: socket.socket) -> bytes:
    """Read until the server hangs up."""
    read = b""
    while piece := connection.recv(65_536):
        read += piece
    return read


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


@pytest.mark.parametrize("beginning", [b"", b"\r\n", b"POST /judge HTTP/1.1\r\nX-Slow: "])
def test_a_head_that_does_not_end_is_hung_up_on_while_others_are_served(url: str, beginning: bytes) -> None:
    with _connect(url) as slow:
        slow.sendall(beginning)
        served = httpx.get(f"{url}/health", timeout=PATIENCE_S)
        rest = _rest(slow)

    assert rest == b""
    assert served.status_code == 200


def test_a_head_without_end_is_refused_though_it_comes_fast(url: str) -> None:
    with _connect(url) as endless:
        endless.sendall(b"GET /health HTTP/1.1\r\nX-Long: " + b"x" * HEAD_BYTES)
        rest = _rest(endless)

    assert rest.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_client_that_would_rather_speak_http_2_keeps_its_body(url: str, name: bytes, cut: bool) -> None:
    """Java's own client asks every new server for it, beside the first request."""
    body = json.dumps(CALL).encode()
    lines = (
        *(b"POST /judge HTTP/1.1", b"Host: localhost", b"Content-Type: application/json"),
        *(
            b"Connection: Upgrade, HTTP2-Settings",
            name + b": h2c",
            b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk",
        ),
        *(b"Content-Length: %d" % len(body), b"", b""),
    )
    head = b"\r\n".join(lines)
    with _connect(url) as java:
        for piece in (head, body) if cut else (head + body,):
            java.sendall(piece)
            time.sleep(0.05 * cut)
        judged, verdict = _answer(java)
        java.sendall(HEALTH)
        healthy, _ = _answer(java)

    assert (judged, healthy) == (200, 200), verdict


def test_the_service_speaks_this_protocol() -> None:
    assert serving.config_of(create_app(Settings()), "127.0.0.1", 0).http is protocol.BoundedHeadProtocol

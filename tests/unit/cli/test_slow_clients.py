"""Clients that begin a request and take their time: each is let go of, and nobody else notices."""

import asyncio
import http.client
import socket
import time
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest

from service.cli.protocol import HEAD_BYTES, BoundedHeadProtocol
from tests.unit.api.world import World
from tests.unit.cli.serving import serving


class Hasty(BoundedHeadProtocol):
    head_s = 0.3


HEALTH = b"GET /health HTTP/1.1\r\nHost: gateway\r\n\r\n"
PATIENCE_S = 20


@pytest.fixture
def url() -> Generator[str, None, None]:
    with serving(World().app(server={"body_seconds": 0.3}), http=Hasty) as url:
        yield url


def _connect(url: str) -> socket.socket:
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    return socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S)


def _rest(connection: socket.socket) -> bytes:
    """Read until the server hangs up."""
    read = b""
    while piece := connection.recv(65_536):
        read += piece
    return read


@pytest.mark.parametrize("beginning", [b"", b"\r\n", b"POST /refine HTTP/1.1\r\nX-Slow: "])
def test_a_head_that_does_not_end_is_hung_up_on_while_others_are_served(url: str, beginning: bytes) -> None:
    with _connect(url) as slow:
        slow.sendall(beginning)
        served = httpx.get(f"{url}/health", timeout=PATIENCE_S)
        rest = _rest(slow)

    assert rest == b""
    assert served.status_code == 200


@pytest.mark.parametrize("beginning", [b"\r\n", b"GET /hea"])
def test_the_next_request_of_a_connection_is_held_to_it_too(url: str, beginning: bytes) -> None:
    with _connect(url) as slow:
        slow.sendall(HEALTH)
        first = slow.recv(65_536)
        slow.sendall(beginning)
        rest = _rest(slow)

    assert first.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1" not in rest


def test_a_head_without_end_is_refused_though_it_comes_fast(url: str) -> None:
    with _connect(url) as endless:
        endless.sendall(b"GET /health HTTP/1.1\r\nX-Long: " + b"x" * HEAD_BYTES)
        rest = _rest(endless)

    assert rest.startswith(b"HTTP/1.1 400")


def test_a_long_body_is_no_long_head(url: str) -> None:
    body = b'{"problem": "' + b"x" * 90_000 + b'"}'
    answer = httpx.post(
        f"{url}/refine", content=body, headers={"content-type": "application/json"}, timeout=PATIENCE_S
    )

    assert answer.status_code == 200


def test_a_body_that_does_not_come_is_408_and_the_connection_is_closed(url: str) -> None:
    head = b"POST /refine HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20"
    with _connect(url) as slow:
        slow.sendall(head + b'\r\n\r\n{"problem"')
        rest = _rest(slow)

    assert rest.startswith(b"HTTP/1.1 408")
    assert b"/problems/body-too-slow" in rest


def test_a_body_that_comes_byte_by_byte_has_no_more_time_than_another(url: str) -> None:
    head = b"POST /refine HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99"
    with _connect(url) as slow:
        slow.sendall(head + b"\r\n\r\n")
        slow.settimeout(0.05)
        for _ in range(60):
            slow.sendall(b" ")
            with suppress(TimeoutError):
                answer = slow.recv(65_536)
                break
        else:
            pytest.fail("it may take for ever")

    assert answer.startswith(b"HTTP/1.1 408")


def test_an_answer_may_take_longer_than_head_and_body() -> None:
    world = World()
    world.generator.before = partial(asyncio.sleep, 0.5)
    with serving(world.app(server={"body_seconds": 0.3}), http=Hasty) as url:
        answer = httpx.post(f"{url}/refine", json={"problem": "Add one."}, timeout=PATIENCE_S)

    assert answer.status_code == 200


@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_client_that_would_rather_speak_http_2_keeps_its_body(url: str, name: bytes, cut: bool) -> None:
    """Java's own client asks every new server for it, beside the first request."""
    body = b'{"problem": "Upgrade: h2c"}'
    lines = (
        *(b"POST /refine HTTP/1.1", b"Host: localhost", b"Content-Type: application/json"),
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
        refined = _status(java)
        java.sendall(HEALTH)
        healthy = _status(java)

    assert (refined, healthy) == (200, 200)


def _status(connection: socket.socket) -> int:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status

"""Packets between service, launcher and box: one JSON object and the descriptors that travel with it."""

import json
import socket
from collections.abc import Mapping
from typing import Any

MAX_PACKET_BYTES = 16_384
MAX_DESCRIPTORS = 4

SCRIPT = b"\0"
"""Asks a box to run its program as a script; every other request names the function to call."""


def pack(message: Mapping[str, object]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def send(channel: socket.socket, message: Mapping[str, object]) -> None:
    channel.sendall(pack(message))


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Wait for a packet; None when the other end is gone."""
    data, descriptors, _, _ = socket.recv_fds(channel, MAX_PACKET_BYTES, MAX_DESCRIPTORS)
    return (json.loads(data), descriptors) if data else None

"""Packets between service, launcher and box, and the descriptors that travel with them."""

import json
import os
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox_runner.jail import compact

MAX_PACKET_BYTES = 16_384
MAX_DESCRIPTORS = 6
DESCRIPTORS_SPACE = socket.CMSG_SPACE(4 * MAX_DESCRIPTORS)

# What a box is asked to do. A request that is none of these names the function to call.
SCRIPT = b"\0"
"""Run the program as a script."""
COMPILE = b"\1"
"""Compile a program that is executed and not forked."""
PUT_FILES = b"\2"
"""Put the files of a bundle into the scratch directory."""
FETCH_FILES = b"\3"
"""Bundle the scratch files that a list names."""
CLEAN = b"\4"
"""Empty the scratch directory."""

SERVE = b"\5"
"""Run the program, then answer test code in another jail on the fifth descriptor; its clock is the sixth."""
TEST_CODE = b"\6"
"""Run test code that asks on the fifth descriptor, and tells on the sixth how long it waits."""
TEST_FILES = b"\7"
"""The same with files for pytest."""

_LENGTH = struct.Struct("<I")
_FOUR = struct.Struct("4i")  # as a test has
_four, _FOUR_BYTES = _FOUR.unpack, _FOUR.size


def pack(message: Mapping[str, object]) -> bytes:
    return compact.write(message).encode()


def send(channel: socket.socket, message: Mapping[str, object]) -> None:
    channel.sendall(pack(message))


def receive(channel: socket.socket) -> tuple[dict[str, Any], tuple[int, ...]] | None:
    """Wait for a packet that is a JSON object; None when the other end is gone.

    Nothing that is executed inherits its descriptors.
    """
    data, ancillary, _, _ = channel.recvmsg(MAX_PACKET_BYTES, DESCRIPTORS_SPACE, socket.MSG_CMSG_CLOEXEC)
    return (compact.read(data.decode())[0], descriptors_in(ancillary)) if data else None


def descriptors_in(ancillary: Sequence[tuple[int, int, bytes]]) -> tuple[int, ...]:
    """What came beside a packet, read as `recv_fds` of the library does by way of an array."""
    sent = ancillary[0][2] if ancillary else b""
    return _four(sent) if len(sent) == _FOUR_BYTES else struct.unpack(f"{len(sent) // 4}i", sent)


def receive_packet(channel: socket.socket) -> bytes:
    """Wait for any packet; empty when the other end is gone.

    An end that goes with packets unread makes the kernel report a reset first, and its last words only then.
    """
    try:
        return channel.recv(MAX_PACKET_BYTES)
    except ConnectionResetError:
        return channel.recv(MAX_PACKET_BYTES)


def bundle(files: Mapping[str, bytes]) -> bytes:
    """Files as one: a list of names and sizes, preceded by its length, then their contents."""
    index = json.dumps([[name, len(content)] for name, content in files.items()]).encode()
    return b"".join([_LENGTH.pack(len(index)), index, *files.values()])


def unbundle(content: bytes) -> dict[str, bytes]:
    """What `bundle` wrote; raises ValueError for anything else."""
    try:
        (length,) = _LENGTH.unpack_from(content)
        index = json.loads(content[_LENGTH.size : _LENGTH.size + length])
        return dict(_slices(content, _LENGTH.size + length, index[:]))
    except (struct.error, TypeError, KeyError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _slices(content: bytes, at: int, index: Iterable[tuple[str, int]]) -> Iterable[tuple[str, bytes]]:
    for name, size in index:
        yield str(name), content[at : at + size]
        at += size


def read_whole(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)

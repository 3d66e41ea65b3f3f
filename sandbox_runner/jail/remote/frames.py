"""Frames of JSON behind their length. Each side takes the other for hostile: one bad frame ends it all."""

import json
import os
import struct
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sandbox_runner.jail import compact

MOST_BYTES = 16 << 20
_LENGTH = struct.Struct(">I")


class LostError(Exception):
    """The other side is gone, or wrote what no honest side writes."""


class Connection:
    """Reads and writes a descriptor itself: a jail refuses the calls that `socket` would make."""

    def __init__(self, descriptor: int, clock: AbstractContextManager[None] | None = None) -> None:
        """`clock` runs while the other side is waited for."""
        self._descriptor = descriptor
        self._clock = clock or nullcontext()
        self.most_received = 0
        """Bytes of the longest frame that came."""

    def send(self, message: dict[str, object]) -> None:
        content = compact.write(message).encode()
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes in one message")
        frame = memoryview(_LENGTH.pack(len(content)) + content)
        try:
            with self._clock:  # the other side may be slow to take it
                while frame:
                    frame = frame[os.write(self._descriptor, frame) :]
        except OSError as error:
            raise LostError(str(error)) from error

    def receive(self) -> dict[str, Any]:
        with self._clock:
            content = self._receive()
        try:
            message = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise LostError("a frame that is not JSON") from error
        if not isinstance(message, dict):
            raise LostError("a frame that is no object")
        return message

    def _receive(self) -> bytes:
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if length > MOST_BYTES:
            raise LostError(f"a frame of {length} bytes")
        self.most_received = max(self.most_received, length)
        return self._read(length)

    def _read(self, length: int) -> bytes:
        """Grow with what arrives: a length alone reserves nothing."""
        read = bytearray()
        while len(read) < length:
            try:
                part = os.read(self._descriptor, min(length - len(read), 1 << 16))
            except OSError as error:
                raise LostError(str(error)) from error
            if not part:
                raise LostError("end of file")
            read += part
        return bytes(read)

"""Awaitable packets, sent with descriptors, over a socket that keeps packet boundaries."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Self

from sandbox_runner.jail import messages


class ChannelClosedError(Exception):
    """The other end is gone."""


class Channel:
    def __init__(self, own: socket.socket) -> None:
        own.setblocking(False)
        self._socket = own
        self._arrived: deque[bytes] = deque()
        self._waiting: asyncio.Future[bytes] | None = None
        self._fault: str | None = None
        asyncio.get_running_loop().add_reader(own.fileno(), self._read)
        self._hear: Callable[[bytes], None] = self._keep
        self._lose: Callable[[], None] = lambda: None

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Our end and the end to give away."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            return cls(ours), theirs
        except BaseException:
            ours.close()
            theirs.close()
            raise

    def send(self, packet: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send at once: packets are small, and few wait for the other end."""
        try:
            socket.send_fds(self._socket, [packet], descriptors)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    async def receive(self) -> bytes:
        """Wait for one packet."""
        if self._arrived:
            return self._arrived.popleft()
        if self._fault is not None:
            raise ChannelClosedError(self._fault)
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def listen(self, hear: Callable[[bytes], None], lose: Callable[[], None]) -> None:
        """Call `hear` for every packet until the other end goes, then `lose`."""
        self._hear, self._lose = hear, lose

    def close(self) -> None:
        self._stop("closed here")

    def _read(self) -> None:
        try:
            packet = messages.receive_packet(self._socket)
        except OSError as error:
            self._stop(str(error))
        else:
            if packet:
                self._hear(packet)
            else:
                self._stop("end of file")

    def _keep(self, packet: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self._arrived.append(packet)
        else:
            self._waiting.set_result(packet)

    def _stop(self, fault: str) -> None:
        if self._fault is not None:
            return
        self._fault = fault
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ChannelClosedError(fault))
        self._lose()

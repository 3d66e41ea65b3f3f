"""Awaitable packets, sent with descriptors, over a socket that keeps packet boundaries."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Self

from sandbox_runner.jail import messages


class ChannelClosedError(Exception):
    """The other end is gone."""


class Channel:
    def __init__(self, own: socket.socket) -> None:
        own.setblocking(False)
        self._socket = own

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Our end and the end to give away."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    def send(self, packet: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send at once: packets are small, and few wait for the other end."""
        try:
            socket.send_fds(self._socket, [packet], descriptors)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    async def receive(self) -> bytes:
        """Wait for one packet."""
        await self._until_readable()
        return self._take()

    def listen(self, hear: Callable[[bytes], None], lose: Callable[[], None]) -> None:
        """Call `hear` for every packet until the other end goes, then `lose`."""
        asyncio.get_running_loop().add_reader(self._socket, self._pass_on, hear, lose)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _pass_on(self, hear: Callable[[bytes], None], lose: Callable[[], None]) -> None:
        try:
            hear(self._take())
        except ChannelClosedError:
            asyncio.get_running_loop().remove_reader(self._socket)
            lose()

    def _take(self) -> bytes:
        try:
            packet = self._socket.recv(messages.MAX_PACKET_BYTES)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error
        if not packet:
            raise ChannelClosedError("end of file")
        return packet

    async def _until_readable(self) -> None:
        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        loop.add_reader(self._socket, _resolve, readable)
        try:
            await readable
        finally:
            loop.remove_reader(self._socket)


def _resolve(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)

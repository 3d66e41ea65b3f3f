"""Awaitable packets with descriptors, over a socket that keeps packet boundaries."""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

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

    def send(self, message: Mapping[str, object], descriptors: Sequence[int] = ()) -> None:
        """Send at once: packets are small, and the other end reads one before the next is sent."""
        try:
            socket.send_fds(self._socket, [messages.pack(message)], descriptors)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    async def receive(self) -> dict[str, Any]:
        """Wait for one packet."""
        await self._until_readable()
        return self._take()

    def listen(self, hear: Callable[[dict[str, Any]], None], lose: Callable[[], None]) -> None:
        """Call `hear` for every packet until the other end goes, then `lose`."""
        asyncio.get_running_loop().add_reader(self._socket, self._pass_on, hear, lose)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _pass_on(self, hear: Callable[[dict[str, Any]], None], lose: Callable[[], None]) -> None:
        try:
            hear(self._take())
        except ChannelClosedError:
            asyncio.get_running_loop().remove_reader(self._socket)
            lose()

    def _take(self) -> dict[str, Any]:
        try:
            packet = messages.receive(self._socket)
        except (OSError, ValueError) as error:
            raise ChannelClosedError(str(error)) from error
        if packet is None:
            raise ChannelClosedError("end of file")
        return packet[0]

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

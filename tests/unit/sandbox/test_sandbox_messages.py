"""Packets between service, launcher and box."""

import socket

import pytest

from sandbox_runner.jail import messages


def test_last_words_are_heard_though_something_was_left_unread() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        ours.send(b"never read")
        theirs.send(b"last words")
        theirs.close()

        assert messages.receive_packet(ours) == b"last words"
        assert messages.receive_packet(ours) == b""


def test_a_bundle_gives_back_what_was_put_in() -> None:
    files = {"a/b.txt": b"one", "empty": b"", "ü": b"\x00\xff"}

    assert messages.unbundle(messages.bundle(files)) == files


@pytest.mark.parametrize(
    "content", [b"", b"\x01", b"\xff\xff\xff\x7f{}", b"\x02\x00\x00\x00[3", b"\x03\x00\x00\x00[1]"]
)
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        messages.unbundle(content)

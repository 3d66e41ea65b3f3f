"""Server-sent events, however the network cuts them up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.openai.sse import MAX_EVENT_BYTES, EventDecoder, EventTooLongError


@given(
    events=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)),
    line_end=st.sampled_from(["\n", "\r\n"]),
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_events_arrive_whole_wherever_the_chunks_are_cut(
    events: list[str], line_end: str, sizes: list[int]
) -> None:
    sent = "".join(f"data: {event}{line_end}{line_end}" for event in events).encode()
    decoder, received, at = EventDecoder(), list[str](), 0
    while at < len(sent):
        size = sizes[at % len(sizes)]
        received += decoder.feed(sent[at : at + size])
        at += size

    assert received == events


def test_comments_and_other_fields_are_skipped() -> None:
    sent = b": keepalive\n\nevent: message\nid: 7\nretry: 10\ndata: x\n\n"

    assert EventDecoder().feed(sent) == ["x"]


def test_several_data_lines_are_one_event() -> None:
    assert EventDecoder().feed(b"data:a\ndata: b\n\n") == ["a\nb"]


def test_a_line_separator_inside_a_string_ends_nothing() -> None:
    assert EventDecoder().feed("data: a\u2028b\x85c\n\n".encode()) == ["a\u2028b\x85c"]


def test_an_event_without_an_end_is_refused() -> None:
    decoder = EventDecoder()
    decoder.feed(b"data: " + b"x" * (MAX_EVENT_BYTES - 10) + b"\n")

    with pytest.raises(EventTooLongError):
        decoder.feed(b"data: more than ten")

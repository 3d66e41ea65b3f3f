"""Events that wait to be written: in order, numbered late, deltas of one text as one."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.api.jobs.pending import Pending
from service.api.streaming import Frame
from service.store import Entry


def _delta(text: str, candidate: int = 0, index: int = 0, event: str = "solution.delta") -> Frame:
    return Frame(event, {"id": "rf_1", "candidate": candidate, "round": index, "delta": text})


def _started(candidate: int = 0, index: int = 0) -> Frame:
    return Frame("round.started", {"id": "rf_1", "candidate": candidate, "round": index})


def _told(entries: list[Entry]) -> list[tuple[int, str, str | None]]:
    return [(entry.sequence, entry.event, json.loads(entry.data).get("delta")) for entry in entries]


def _pending(*frames: Frame, last: int = 0) -> Pending:
    pending = Pending(last)
    for frame in frames:
        pending.add(frame)
    return pending


def test_pieces_of_one_text_become_one_event() -> None:
    pending = _pending(_started(), _delta("a"), _delta("b"), _delta("c"), last=7)

    assert _told(pending.take(9)) == [(8, "round.started", None), (9, "solution.delta", "abc")]
    assert pending.last == 9


def test_texts_of_parallel_candidates_are_put_together_each_for_itself() -> None:
    pending = _pending(_delta("a", 0), _delta("x", 1), _delta("b", 0), _delta("y", 1))

    assert _told(pending.take(9)) == [(1, "solution.delta", "ab"), (2, "solution.delta", "xy")]


def test_pieces_of_different_texts_stay_apart() -> None:
    pending = _pending(
        _delta("a"), _delta("b", event="critique.delta"), _delta("c"), _started(index=1), _delta("d", index=1)
    )

    assert [delta for _, _, delta in _told(pending.take(9))] == ["a", "b", "c", None, "d"]


def test_what_was_taken_is_not_added_to() -> None:
    pending = _pending(_delta("a"))
    first = pending.take(9)
    pending.add(_delta("b"))

    assert _told(first) == [(1, "solution.delta", "a")]
    assert _told(pending.take(9)) == [(2, "solution.delta", "b")]


def test_no_more_is_taken_than_fits_and_the_rest_waits() -> None:
    pending = _pending(_started(0), _started(1), _delta("a", 1))

    assert [event for _, event, _ in _told(pending.take(2))] == ["round.started", "round.started"]
    assert len(pending) == 1
    assert _told(pending.take(2)) == [(3, "solution.delta", "a")]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["solution", "critique"]), st.text(max_size=3))),
    st.integers(1, 4),
)
def test_nothing_is_lost_and_each_candidate_keeps_its_order(
    said: list[tuple[int, str, str]], limit: int
) -> None:
    pending = _pending(*(_delta(text, candidate, event=f"{kind}.delta") for candidate, kind, text in said))
    entries: list[Entry] = []
    while len(pending):
        entries += pending.take(limit)

    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    read = [(entry.event, json.loads(entry.data)) for entry in entries]
    for candidate in range(3):
        heard = [(event, data["delta"]) for event, data in read if data["candidate"] == candidate]
        wanted = "".join(text for who, _, text in said if who == candidate)
        assert "".join(delta for _, delta in heard) == wanted
        assert all(before != after for (before, _), (after, _) in pairwise(heard))

"""Stop strings, wherever the tokens' borders fall; characters, whatever tokens split them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.embedded.detokenizer import Detokenizer
from service.adapters.embedded.stop import StopFilter
from service.adapters.embedded.text import Text, load_text
from service.domain.chat import Message


@pytest.fixture(scope="module")
def text(checkpoint: Path) -> Text:
    return load_text(checkpoint)


def passed(pieces: Sequence[str], stops: Sequence[str]) -> tuple[str, bool]:
    stop_filter, out = StopFilter(stops), ""
    for piece in pieces:
        out += stop_filter.feed(piece)
        if stop_filter.stopped:
            return out, True
    return out + stop_filter.flush(), False


@given(st.lists(st.text("abc", max_size=4)), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3))
def test_the_text_ends_before_the_first_stop_string(pieces: list[str], stops: list[str]) -> None:
    out, stopped = passed(pieces, stops)

    whole = "".join(pieces)
    ends = [whole.find(stop) for stop in stops if stop in whole]
    assert stopped == bool(ends)
    assert not any(stop in out for stop in stops)
    assert whole.startswith(out)
    assert stopped or out == whole


def test_a_stop_string_across_three_pieces_is_found() -> None:
    assert passed(["keep E", "N", "D this"], ["END"]) == ("keep ", True)


def test_what_turned_out_not_to_be_a_stop_string_is_passed_on() -> None:
    stop_filter = StopFilter(["END"])

    assert [stop_filter.feed(piece) for piece in ("an E", "N", "O")] == ["an ", "", "ENO"]


def test_an_empty_stop_string_stops_nothing() -> None:
    assert passed(["abc"], [""]) == ("abc", False)


@given(words=st.text(max_size=40))
def test_text_comes_out_of_its_tokens_unchanged(text: Text, words: str) -> None:
    tokens = text.prompt([Message("user", words)], 1000)
    detokenizer = Detokenizer(text)

    pieces = [detokenizer.feed(token) for token in tokens]

    assert "".join(pieces) + detokenizer.flush() == text.decode(tokens)


def test_a_character_split_over_tokens_is_never_given_out_in_parts(text: Text) -> None:
    tokens = text.prompt([Message("user", "🦜 and 漢字")], 100)
    detokenizer = Detokenizer(text)

    pieces = [detokenizer.feed(token) for token in tokens]

    assert "🦜" in "".join(pieces)
    assert not any("\ufffd" in piece for piece in pieces)


def test_bytes_that_never_become_a_character_come_out_at_the_end(text: Text) -> None:
    bird = text.prompt([Message("user", "🦜")], 100)
    half = bird[: next(i for i in range(len(bird)) if "🦜" in text.decode(bird[: i + 1]))]
    detokenizer = Detokenizer(text)

    pieces = [detokenizer.feed(token) for token in half]

    assert "\ufffd" not in "".join(pieces)
    assert detokenizer.flush() == "\ufffd"

"""What holds of every critique, however long or odd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.critique import Critique, Judgment, Parsed
from service.domain.parsing import parse_critique, render_critique

MEGABYTE = 1_000_000


prose = st.text(st.characters(exclude_characters="`~\r", exclude_categories=["Cs"]), min_size=1).map(
    # A word first, so that no line is a heading.
    lambda text: "\n".join(f"so {line}".rstrip() for line in text.split("\n")).strip()
)


@given(prose, prose, st.sampled_from(Judgment))
def test_what_is_rendered_is_read_back(analysis: str, suggestions: str, judgment: Judgment) -> None:
    text = render_critique(analysis, suggestions, judgment)

    assert parse_critique(text) == Critique(text, analysis, suggestions, judgment, Parsed.STRICT)


pieces = st.lists(
    st.sampled_from(
        [
            "Overall judgment: Correct",
            "Overall judgment: Incorrect",
            "Overall judgment:",
            "**Overall judgement:** correct.",
            "Correct",
            "Incorrect",
            "Analysis:",
            "Improvement suggestions:",
            "```",
            "~~~~",
            "> ",
            "    ",
            "\t",
            "\n",
            "\r\n",
            "</think>",
            "<think>",
            "<format>",
            "</format>",
            "x = 1",
            '"',
        ]
    )
    | st.text(max_size=5)
).map("".join)


@given(pieces, st.booleans())
def test_any_text_can_be_parsed(text: str, truncated: bool) -> None:
    critique = parse_critique(text, truncated)

    assert (critique.judgment is None) == (critique.parsed is Parsed.NONE)


@given(pieces)
def test_nothing_is_correct_but_a_last_line_that_says_so(text: str) -> None:
    critique = parse_critique(text)

    if critique.judgment is Judgment.CORRECT:
        last = text.strip().removesuffix("</format>").rstrip().replace("\r", "\n").rpartition("\n")[2]
        assert last.strip(" \t*_.").lower().endswith("correct")
        assert not last.lower().rstrip("*_. \t").endswith("incorrect")


@given(pieces)
def test_a_critique_in_an_open_fence_is_never_judged(text: str) -> None:
    fenced = "~~~~~~~~\n" + text.replace("~", "") + "\nOverall judgment: Correct"

    assert parse_critique(fenced).judgment is None


# Lines, marks and labels without end: each is one pass over the text, and a regular expression that
# backtracks, or a scan repeated for every line, would take hours.
LONG = {
    "one line": "x" * MEGABYTE,
    "blank lines": "\n" * MEGABYTE,
    "spaces": " " * MEGABYTE + "x",
    "decoration": "#" * MEGABYTE + "x",
    "emphasis": "Overall judgment: " + "*" * MEGABYTE + "Correct",
    "labels in a line": "overall judgment" * (MEGABYTE // 16),
    "labels in lines": "Overall judgment:\n" * (MEGABYTE // 18),
    "labels and spaces": ("overall judgment" + " " * 50) * (MEGABYTE // 66),
    "open fences": "```\n" * (MEGABYTE // 4),
    "growing fences": "\n".join("`" * length for length in range(3, 1400)),
    "marks": "`" * MEGABYTE,
    "tags": "</think>" * (MEGABYTE // 8),
    "lines of tags": "</think>\n" * (MEGABYTE // 9),
    "colons": "Overall judgment" + ":" * MEGABYTE,
    "carriage returns": "\r" * MEGABYTE,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_megabyte_is_read_in_one_pass(text: str) -> None:
    assert parse_critique(text + "\nOverall judgment: not Correct").judgment is None

"""The page's own reading of programs and of event streams, against better ones."""

import io
import keyword
import random
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DIFF = """async ([cases, most]) => {
  const { rowsOf, folded } = await import("/page/code/diff.js");
  return cases.map(([before, after]) => rowsOf(before, after, most)).map((rows) => [rows, folded(rows)]);
}"""
TOKENS = 'async (texts) => texts.map((await import("/page/code/python.js")).tokensOf)'
COLOURED = """async (texts) => {
  const { tokensOf } = await import("/page/code/python.js");
  const told = new Set(["string", "number", "comment", "keyword"]);
  const shown = (text) => tokensOf(text).filter(([kind]) => told.has(kind));
  return texts.map((text) => shown(text).map((token) => token.join(":")));
}"""
SOURCES = sorted(Path("service/domain").glob("*.py"))
# From Python 3.12 on its own tokenizer takes these apart.
TAKEN_APART = re.compile(r"\b[rR]?[fF][rR]?[\"']")


def _cases(count: int) -> list[tuple[list[str], list[str]]]:
    chance = random.Random(1)

    def lines() -> list[str]:
        return [chance.choice("abcd") for _ in range(chance.randrange(12))]

    return [(lines(), lines()) for _ in range(count)]


def _common(before: list[str], after: list[str]) -> int:
    """Count the lines of a longest common subsequence."""
    longest = [0] * (len(after) + 1)
    for line in before:
        row = [0]
        for place, other in enumerate(after):
            row.append(longest[place] + 1 if line == other else max(longest[place + 1], row[place]))
        longest = row
    return longest[-1]


@pytest.mark.parametrize("most", [1000, 2, 0])
async def test_a_difference_leads_from_one_program_to_the_other(page: Page, most: int) -> None:
    cases = _cases(200)
    for (before, after), (rows, _) in zip(cases, await page.evaluate(DIFF, [cases, most]), strict=True):
        left = [row["left"] for row in rows if row["left"] is not None]
        right = [row["right"] for row in rows if row["right"] is not None]
        same = [row for row in rows if row["kind"] == "same"]

        assert (left, right) == ([*range(len(before))], [*range(len(after))])
        assert all(before[row["left"]] == after[row["right"]] for row in same)
        if most == 1000:
            assert len(same) == _common(before, after)


async def test_long_stretches_without_a_change_are_told_by_their_length(page: Page) -> None:
    before = [f"line {number}" for number in range(40)]
    after = [*before[:20], "new", *before[20:]]
    [[rows, folded]] = await page.evaluate(DIFF, [[[before, after]], 1000])

    assert len(rows) == 41
    assert [row["kind"] for row in folded] == ["fold", *["same"] * 3, "new", *["same"] * 3, "fold"]
    assert [row["lines"] for row in folded if row["kind"] == "fold"] == [17, 17]


async def test_a_program_is_coloured_as_python_reads_it(page: Page) -> None:
    texts = [text for path in SOURCES if not TAKEN_APART.search(text := path.read_text(encoding="utf-8"))]
    assert len(texts) > 15
    for text, tokens in zip(texts, await page.evaluate(COLOURED, texts), strict=True):
        assert tokens == [f"{kind}:{piece}" for kind, piece in _read(text)]


def _read(text: str) -> Iterator[tuple[str, str]]:
    kinds = {tokenize.STRING: "string", tokenize.NUMBER: "number", tokenize.COMMENT: "comment"}
    after_name = False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begins = token.line[: token.start[1]].strip() == ""
        soft = (
            token.string in {"match", "case"}
            and begins
            and not token.line[token.end[1] :].lstrip().startswith(("=", "."))
        )
        if token.type in kinds:
            yield kinds[token.type], token.string
        elif token.type == tokenize.NAME and (keyword.iskeyword(token.string) or soft) and not after_name:
            yield "keyword", token.string
        after_name = token.string in {"def", "class"}


async def test_no_text_is_lost_however_little_it_is_a_program(page: Page) -> None:
    chance = random.Random(2)
    texts = ["".join(chance.choice("ab1.'\"#\\\n f\t{}=é𝔘\u2028") for _ in range(60)) for _ in range(300)]
    texts += ["'''", 'f"{x["a"]}"', "0x", "1__2.e", "'\\", "\ud7ff", "def", "@", ""]

    for text, tokens in zip(texts, await page.evaluate(TOKENS, texts), strict=True):
        assert "".join(piece for _, piece in tokens) == text


async def test_an_event_stream_reads_the_same_however_it_is_cut(page: Page) -> None:
    chance = random.Random(3)
    frames = [f'id: {n}\nevent: e{n}\ndata: {{"n": {n}, "text": "a: b"}}\n\n' for n in range(1, 30)]
    whole = ": hello\n\n" + "".join(frames) + "data: [1,\r\ndata: 2]\r\n\r\n"
    cuts = [sorted(chance.sample(range(len(whole)), chance.randrange(1, 60))) for _ in range(40)]
    pieces = [[whole[a:b] for a, b in zip([0, *cut], [*cut, len(whole)], strict=True)] for cut in cuts]
    read = await page.evaluate(
        """async (streams) => {
          const { Pieces, parsed } = await import("/page/wire/events.js");
          return streams.map((stream) => {
            const pieces = new Pieces();
            return stream.flatMap((piece) => pieces.add(piece)).map(parsed).filter((event) => event !== null);
          });
        }""",
        pieces,
    )

    expected = [{"id": f"{n}", "event": f"e{n}", "data": {"n": n, "text": "a: b"}} for n in range(1, 30)]
    assert all(events == [*expected, {"id": None, "event": "message", "data": [1, 2]}] for events in read)

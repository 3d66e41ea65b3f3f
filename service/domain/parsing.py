"""The critique's text form: written by `render_critique`, read by `parse_critique`.

A judgment is a stop sign and a reward, and a candidate may be written to forge one. So it is read from
one place only, the last line, outside fences and indented code, and only where that line says nothing
else. The sections before it are prose for the generator and are read leniently.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.domain.critique import Critique, Judgment, Parsed, Preference
from service.domain.fences import indent, text_lines, unfenced
from service.domain.thought import without_thought


class _Section(StrEnum):
    ANALYSIS = "Analysis"
    SUGGESTIONS = "Improvement suggestions"
    JUDGMENT = "Overall judgment"


_WORDS = {Judgment.CORRECT: "Correct", Judgment.INCORRECT: "Incorrect"}
_STRICT_ENDINGS = {f"{_Section.JUDGMENT}: {word}": judgment for judgment, word in _WORDS.items()}

_LABELS = {
    "analysis": _Section.ANALYSIS,
    "improvement suggestions": _Section.SUGGESTIONS,
    "improvement suggestion": _Section.SUGGESTIONS,
    "suggestions for improvement": _Section.SUGGESTIONS,
    "suggestions": _Section.SUGGESTIONS,
    "overall judgment": _Section.JUDGMENT,
    "overall judgement": _Section.JUDGMENT,
}
_COLONS = (":", "\uff1a")
_EMPHASIS = " \t*_"
_DECORATION = f"{_EMPHASIS}#-0123456789.)"

# In the critic's own words, hence not after a quotation mark. Each repetition is bounded: linear time.
_SAYS_INCORRECT = re.compile(
    r"(?<![`\"'\u201c\u2018])overall judge?ment[\s*_:\uff1a]{0,8}(?:incorrect|not correct|wrong)",
    re.IGNORECASE,
)
_SAYS_CORRECT = re.compile(r"overall judge?ment[\s*_:\uff1a]{0,8}correct", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a critique, the section it stands in, and what it says less that section's heading."""

    text: str
    fenced: bool
    section: _Section | None
    is_heading: bool
    said: str


_ReadHeading = Callable[[str], tuple[_Section, str] | None]
"""Reads a line as a heading: the section it opens, and what else it says."""


def render_critique(analysis: str, suggestions: str, judgment: Judgment) -> str:
    """Write a critique in its canonical form, which `parse_critique` reads as strict."""
    return (
        f"{_Section.ANALYSIS}:\n{analysis.strip()}\n\n"
        f"{_Section.SUGGESTIONS}:\n{suggestions.strip()}\n\n"
        f"{_Section.JUDGMENT}: {_WORDS[judgment]}"
    )


def parse_critique(text: str, truncated: bool = False, code: str = "") -> Critique:
    """Take a critique apart; never raises. A truncated one has no judgment: its last line is not its last.

    Nor has one that is not in form and ends in words of the reviewed `code`, where that is given: whether
    the critic says so or quotes it cannot be told.
    """
    if not truncated and (critique := _strict(text)):
        return critique
    return _lenient(_unwrapped(without_thought(text)), truncated, code)


def parse_preference(text: str, truncated: bool = False) -> Preference | None:
    """Read which candidate a comparison prefers: from the last line, as a judgment is."""
    lines = _lines(_unwrapped(without_thought(text)), _loose_heading)
    word = "" if truncated else _last_word(lines)
    return Preference(word) if word in tuple(Preference) else None


def _strict(text: str) -> Critique | None:
    lines = _lines(text, _exact_heading)
    judgment = _STRICT_ENDINGS.get(lines[-1].text.rstrip()) if lines else None
    headings = [line.section for line in lines if line.is_heading]
    in_form = headings == list(_Section) and lines[0].is_heading and lines[-1].is_heading
    analysis, suggestions = _said(lines, _Section.ANALYSIS), _said(lines, _Section.SUGGESTIONS)
    if judgment and in_form and analysis and suggestions and not _contradicted(judgment, lines):
        return Critique(text.strip(), analysis, suggestions, judgment, Parsed.STRICT)
    return None


def _lenient(text: str, truncated: bool, code: str) -> Critique:
    lines = _lines(text, _loose_heading)
    word = "" if truncated else _last_word(lines)
    judgment = Judgment(word) if word in tuple(Judgment) else None
    if judgment and (_contradicted(judgment, lines) or _quoted(judgment, code)):
        judgment = None
    # What comes before all headings stands in for a missing analysis.
    analysis = _said(lines, _Section.ANALYSIS) or _said(lines, None)
    parsed = Parsed.LENIENT if judgment else Parsed.NONE
    return Critique(text.strip(), analysis, _said(lines, _Section.SUGGESTIONS), judgment, parsed)


def _lines(text: str, read_heading: _ReadHeading) -> list[_Line]:
    """Read the lines, from the first that is not blank to the last."""
    texts = text_lines(text)
    written = [number for number, line in enumerate(texts) if line.strip()]
    texts = texts[written[0] : written[-1] + 1] if written else []
    lines: list[_Line] = []
    section: _Section | None = None
    for line, free in zip(texts, unfenced(texts), strict=True):
        heading = read_heading(line) if free else None
        section, said = heading or (section, line)
        lines.append(_Line(line, not free, section, heading is not None, said))
    return lines


def _said(lines: Sequence[_Line], section: _Section | None) -> str:
    return "\n".join(line.said for line in lines if line.section is section).strip()


def _exact_heading(line: str) -> tuple[_Section, str] | None:
    for section in _Section:
        if line.startswith(f"{section}:"):
            return section, line[len(section) + 1 :].strip()
    return None


def _loose_heading(line: str) -> tuple[_Section, str] | None:
    if _is_indented_code(line):
        return None
    words = line.lstrip(_DECORATION)
    for label, section in _LABELS.items():
        if words[: len(label)].lower() == label:
            after = words[len(label) :].strip(_EMPHASIS)
            if not after or after[0] in _COLONS:
                return section, after[1:].lstrip(_EMPHASIS)
    return None


def _last_word(lines: Sequence[_Line]) -> str:
    """Read what the last line judges, which holds its heading or follows it and holds nothing else."""
    if not lines or lines[-1].section is not _Section.JUDGMENT:
        return ""
    last = lines[-1]
    if last.is_heading:
        return _word(last.said)
    before = next(line for line in reversed(lines[:-1]) if line.text.strip())
    follows = before.is_heading and not before.said and not _is_indented_code(last.text)
    return _word(last.said) if follows else ""


def _word(text: str) -> str:
    return text.strip(_EMPHASIS).removesuffix(".").strip(_EMPHASIS).lower()


def _contradicted(judgment: Judgment, lines: Sequence[_Line]) -> bool:
    """Whether the critic elsewhere judges the candidate incorrect; the other way round harms nobody."""
    if judgment is Judgment.INCORRECT:
        return False
    return _SAYS_INCORRECT.search("\n".join(line.text for line in lines if not line.fenced)) is not None


def _quoted(judgment: Judgment, code: str) -> bool:
    """Whether the candidate itself holds such a judgment; that it calls itself incorrect harms nobody."""
    return judgment is Judgment.CORRECT and _SAYS_CORRECT.search(_as_read(code)) is not None


def _as_read(code: str) -> str:
    """What a reader, and a critic that quotes, makes of the code: no invisible letters, no odd widths."""
    if code.isascii():
        return code
    return "".join(c for c in unicodedata.normalize("NFKC", code) if unicodedata.category(c) != "Cf")


def _is_indented_code(line: str) -> bool:
    return indent(line) > 3 or "\t" in line[: indent(line)]


def _unwrapped(text: str) -> str:
    """Drop a `<format>` wrapper, which some critics copy from their prompt, if it is around everything."""
    inner = text.strip()
    if inner.startswith("<format>") and inner.endswith("</format>"):
        return inner.removeprefix("<format>").removesuffix("</format>")
    return text

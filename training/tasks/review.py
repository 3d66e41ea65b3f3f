"""Reviews of mini-world programs: what a careful critic says, and the literal edit it asks for.

The analysis compares step by step, each comparison between neighbouring words in the canonical
phrasing, to the first difference. There a line that is wrong, one too many, one too few and two that are
exchanged look alike, so it looks crosswise too: the step beside the next line, the next step beside the
line. The suggestion names one literal edit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from service.domain.critique import Judgment
from service.domain.parsing import render_critique
from training.tasks.pipeline import Pipeline, Step, parse_lines

NO_SUGGESTION = "None."
_UNKNOWN = "something else"
_NOTHING = "nothing more"
FIRST_STEP_LINE = 2
"""Line 1 opens the function or reads the input."""


class EditKind(StrEnum):
    """How a line changes."""

    CHANGE = "change"
    ADD = "add"
    REMOVE = "remove"
    SWAP = "swap"


@dataclass(frozen=True, slots=True)
class Edit:
    """One literal edit. `line` counts from 1; `wanted` is the step that the line shall do.

    A swap exchanges `line` with the line after it.
    """

    kind: EditKind
    line: int
    found: Step | None = None
    wanted: Step | None = None

    def suggestion(self) -> str:
        """The edit in words."""
        if self.kind is EditKind.ADD:
            return f"Add before line {self.line}: {_words(self.wanted)}"
        if self.kind is EditKind.SWAP:
            return f"Swap lines {self.line} and {self.line + 1}"
        if self.kind is EditKind.REMOVE:
            return f"Remove line {self.line}: {_words(self.found)}"
        return f"Change line {self.line}: {_words(self.found)}; to: {_words(self.wanted)}"

    def fits(self, code: str) -> bool:
        """Whether a program has the lines that it speaks of."""
        last = len(code.strip("\n").split("\n"))
        reaches = {EditKind.ADD: -1, EditKind.SWAP: 1}.get(self.kind, 0)
        return FIRST_STEP_LINE <= self.line <= last - reaches


@dataclass(frozen=True, slots=True)
class Review:
    """A critique in its three parts, and the edit it asks for (None: leave the program as it is)."""

    analysis: str
    suggestions: str
    judgment: Judgment
    edit: Edit | None = None

    def text(self) -> str:
        return render_critique(self.analysis, self.suggestions, self.judgment)


def careful_review(reference: Pipeline, code: str) -> Review:
    """Compare what is asked with what each line does, and settle the first difference."""
    found = parse_lines(reference.shape, code)
    asked = reference.steps
    first = _first_difference(asked, found)
    said = analysis(asked, found, first)
    if first is None:
        return Review(said, NO_SUGGESTION, Judgment.CORRECT)
    edit = _first_edit(first, asked, found)
    return Review(said, edit.suggestion(), Judgment.INCORRECT, edit)


def _first_difference(asked: Sequence[Step], found: Sequence[Step | None]) -> int | None:
    """Index of the first step that is asked and not done, or done and not asked."""
    both = zip_longest(asked, found)
    return next((i for i, (step, does) in enumerate(both) if step is None or not step.does_as(does)), None)


def analysis(asked: Sequence[Step], found: Sequence[Step | None], first: int | None) -> str:
    """Comparisons of steps with lines, a line of text each, to the first difference and crosswise there."""
    if first is None:
        compared = [(index, index) for index in range(len(asked))]
    else:
        compared = [(index, index) for index in range(first + 1)]
        if not _is_plain(first, asked, found):
            compared += [(first, first + 1), (first + 1, first)]
    return "\n".join(_comparison(step, line, asked, found) for step, line in compared)


def _is_plain(index: int, asked: Sequence[Step], found: Sequence[Step | None]) -> bool:
    """Whether a difference tells by itself which edit settles it, as one side ends the program there."""
    if index >= min(len(asked), len(found)):
        return True
    does = found[index]
    return asked[index].operation.final or (does is not None and does.operation.final)


def _comparison(step: int, line: int, asked: Sequence[Step], found: Sequence[Step | None]) -> str:
    wanted = asked[step].phrase() if step < len(asked) else _NOTHING
    done = _words(found[line]) if line < len(found) else _NOTHING
    same = step < len(asked) and _at(found, line, asked[step])
    word = "same" if same else "different"
    return f"{step + 1}. asked: {wanted}; line {line + FIRST_STEP_LINE}: {done}; {word}"


def _first_edit(index: int, asked: tuple[Step, ...], found: list[Step | None]) -> Edit:
    line = index + FIRST_STEP_LINE
    wanted = asked[index] if index < len(asked) else None
    does = found[index] if index < len(found) else None
    if wanted is None:
        return Edit(EditKind.REMOVE, line, found=does)
    if does is not None and _at(asked, index + 1, does) and _at(found, index + 1, wanted):
        return Edit(EditKind.SWAP, line)
    if index >= len(found) or _is_missing(index, asked, does):
        return Edit(EditKind.ADD, line, wanted=wanted)
    if _is_extra(index, wanted, does, found):
        return Edit(EditKind.REMOVE, line, found=does)
    return Edit(EditKind.CHANGE, line, found=does, wanted=wanted)


def _is_missing(index: int, asked: tuple[Step, ...], does: Step | None) -> bool:
    if does is None:
        return False
    return (does.operation.final and not asked[index].operation.final) or _at(asked, index + 1, does)


def _is_extra(index: int, wanted: Step, does: Step | None, found: list[Step | None]) -> bool:
    if _at(found, index + 1, wanted):
        return True
    return wanted.operation.final and does is not None and not does.operation.final


def _at(steps: Sequence[Step | None], index: int, step: Step) -> bool:
    return index < len(steps) and step.does_as(steps[index])


def _words(step: Step | None) -> str:
    return _UNKNOWN if step is None else step.phrase()


def apply_edit(reference: Pipeline, code: str, edit: Edit | None) -> str:
    """Carry out an edit to the letter, right or wrong."""
    if edit is None:
        return code
    lines = code.strip("\n").split("\n")
    at = edit.line - 1
    if edit.kind is EditKind.SWAP:
        return "\n".join([*lines[:at], *reversed(lines[at : at + 2]), *lines[at + 2 :]]) + "\n"
    new = [] if edit.wanted is None else [Pipeline(reference.shape, (edit.wanted,)).code().split("\n")[1]]
    end = at if edit.kind is EditKind.ADD else at + 1
    return "\n".join([*lines[:at], *new, *lines[end:]]) + "\n"

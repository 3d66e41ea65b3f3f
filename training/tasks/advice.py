"""What a critique asks for, read back: whether a careful reviewer would, and what it makes of a program."""

import re

from training.tasks.operations import Kind
from training.tasks.pipeline import Pipeline, parse_phrase
from training.tasks.review import Edit, EditKind, apply_edit, careful_review

_LINE = r"(?P<line>[0-9]{1,3})"
_FORMS = {
    EditKind.CHANGE: re.compile(rf"Change line {_LINE}: (?P<found>.+); to: (?P<wanted>.+)"),
    EditKind.ADD: re.compile(rf"Add before line {_LINE}: (?P<wanted>.+)"),
    EditKind.REMOVE: re.compile(rf"Remove line {_LINE}: (?P<found>.+)"),
    EditKind.SWAP: re.compile(rf"Swap lines {_LINE} and (?P<next>[0-9]{{1,3}})"),
}


def is_careful(reference: Pipeline, code: str, suggestions: str) -> bool:
    """Whether a critique suggests for a program what the careful reviewer does, to the word."""
    return suggestions == careful_review(reference, code).suggestions


def carried_out(reference: Pipeline, code: str, suggestions: str) -> str | None:
    """The program with the suggestion carried out to the letter; None where it is no edit that can be."""
    edit = parse_edit(reference.kind, suggestions)
    return apply_edit(reference, code, edit) if edit is not None and edit.fits(code) else None


def parse_edit(kind: Kind, suggestions: str) -> Edit | None:
    """Read what `Edit.suggestion` wrote; None when it is nothing else than one edit of this world.

    What a line is said to do may be anything, as it makes no difference to the edit.
    """
    for edit_kind, form in _FORMS.items():
        if match := form.fullmatch(suggestions):
            return _edit(kind, edit_kind, match.groupdict())
    return None


def _edit(kind: Kind, edit_kind: EditKind, parts: dict[str, str]) -> Edit | None:
    line = int(parts["line"])
    if "next" in parts and int(parts["next"]) != line + 1:
        return None
    found, wanted = (parse_phrase(kind, parts.get(name, "")) for name in ("found", "wanted"))
    return None if "wanted" in parts and wanted is None else Edit(edit_kind, line, found, wanted)

"""The problems of evaluation sets, whatever their column is called."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from training.data.rows import Row, data_files, read_rows
from training.run import StageError

_STATEMENTS = ("problem", "question", "description", "question_content", "prompt", "text")
"""Ours, TACO's, CodeContests', LiveCodeBench's, MBPP+'s and MBPP's name for the statement."""
_NAMES = ("id", "task_id", "question_id", "name")


def evaluation_problems(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Place and statement of every problem of the sets."""
    for path in paths:
        for file in data_files(path, "tasks.evaluation"):
            for row in read_rows(file):
                yield _place(file, row), _statement(row)


def _statement(row: Row) -> str:
    for name in _STATEMENTS:
        text = row.optional_text(name)
        if text is not None:
            return text
    raise StageError(
        f"{row.place}: no statement: a problem of an evaluation set has one of {', '.join(_STATEMENTS)}"
    )


def _place(file: Path, row: Row) -> str:
    name = next((str(row.fields[name]) for name in _NAMES if row.fields.get(name) is not None), None)
    return row.place if name is None else f"{file.name}: {name}"

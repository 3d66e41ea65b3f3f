"""A row for trainers that pass one string through: the draft, its verdict and all tests, as JSON."""

import json

from training.rewards.outcome import Submission, target_of
from training.run import Record


class TruthError(ValueError):
    """The string is not one that `dump_truth` wrote."""


def dump_truth(task: Record, code: str, *, right: bool) -> str:
    """Write the row of a draft `code` for a task record (as in `tasks.jsonl`, hidden tests included)."""
    return json.dumps({"task": task, "code": code, "right": right}, ensure_ascii=False)


def submission_of(truth: str, critique: str) -> Submission:
    """Read a row back and put a critique to it; raises `TruthError`."""
    try:
        row = json.loads(truth)
        return Submission(target_of(row["task"]), str(row["code"]), critique, right=bool(row["right"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TruthError(
            f"this is no row of `ctrl-train rows`: {type(error).__name__}: {error}; its start: {truth[:80]!r}"
        ) from error

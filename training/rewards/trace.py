"""Every critique with what became of it, as it happens: what a later training may learn from."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from training.rewards.outcome import Outcome, Submission
from training.tasks.records import mended_lines


def node_id(*parts: str) -> str:
    """Name a node of the trace by its content: equal nodes are one node."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class Trace:
    """Appends to a JSON-lines file; a resumed run may repeat lines of the steps after its last checkpoint."""

    def __init__(self, path: Path) -> None:
        self._path = path
        mended_lines(path)

    def add(
        self,
        submissions: Sequence[Submission],
        outcomes: Sequence[Outcome],
        rewards: Sequence[float | None],
    ) -> None:
        """Write one line for each critique; `parent` is the draft it is of, `draft` names it in all lines."""
        lines = map(_line, submissions, outcomes, rewards)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _line(submission: Submission, outcome: Outcome, reward: float | None) -> dict[str, object]:
    draft = node_id(submission.target.id, submission.code)
    return {
        "task_id": submission.target.id,
        "parent": draft,
        "node": node_id(draft, submission.text),
        "draft": submission.code,
        "right": submission.right,
        "critique": submission.text,
        "parsed": outcome.critique.parsed,
        "judgment": outcome.critique.judgment,
        "revision": outcome.revision,
        "outcome": None if outcome.verdict is None else outcome.verdict.outcome,
        "reward": reward,
        "error": outcome.error,
    }

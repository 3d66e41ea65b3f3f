"""What was read, kept and dropped, and why: for `tasks.report.json` and for the eye."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from training.config import TasksConfig
from training.data.contamination import Match
from training.data.filters import Dropped
from training.data.source_task import SourceTask, Unusable
from training.run import Record
from training.whole import write_whole

_PLACES = 5
"""Rows named for each reason, to look at."""


@dataclass(slots=True)
class Report:
    """Counts of one run of the stage; `written` is the number of records by file."""

    config: TasksConfig
    evaluation_problems: int = 0
    read: int = 0
    tests: int = 0
    unusable: Counter[Unusable] = field(default_factory=Counter)
    dropped: Counter[Dropped] = field(default_factory=Counter)
    dropped_at: defaultdict[Dropped, list[str]] = field(default_factory=lambda: defaultdict(list))
    contaminated: list[dict[str, object]] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)
    beyond_limit: int = 0
    """Training problems that `solve.problems` leaves out."""

    def add(self, task: SourceTask, reason: Dropped | None, match: Match | None) -> None:
        """Count a task that was read."""
        self.read += 1
        self.unusable.update(task.unusable)
        if reason is None:
            self.tests += len(task.public) + len(task.hidden)
            return
        self._drop(reason, task.place)
        if match is not None:
            self._note(task.place, task.id, match)

    def take_back(self, record: Record, match: Match) -> None:
        """Count a task as contaminated that was kept until the run's own test split was known."""
        name = str(record["id"])
        for tests in (record["tests"], record["hidden_tests"]):
            assert isinstance(tests, list)
            self.tests -= len(tests)
        self._drop(Dropped.CONTAMINATED, name)
        self._note(name, name, match)

    def _drop(self, reason: Dropped, place: str) -> None:
        self.dropped[reason] += 1
        if len(self.dropped_at[reason]) < _PLACES:
            self.dropped_at[reason].append(place)

    def _note(self, place: str, name: str, match: Match) -> None:
        found = {"evaluation": match.evaluation, "overlap": match.overlap}
        self.contaminated.append({"place": place, "id": name} | found)

    @property
    def kept(self) -> int:
        return self.read - self.dropped.total()

    def why_nothing(self) -> str:
        """One sentence for a run of which nothing is left."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.dropped.most_common())
        return f"of {self.read} problems read, {self.kept} are kept" + (f" ({reasons})" if reasons else "")

    def write(self, path: Path) -> None:
        """Write the JSON, whole or not at all."""
        write_whole(path, json.dumps(self._to_json(), indent=1, ensure_ascii=False) + "\n")

    def table(self) -> Table:
        """The counts as a table, in the order in which the filters act."""
        table = Table("problems", "number", "the first of them")
        table.columns[1].justify = "right"
        table.add_row("read", f"{self.read:,}")
        for reason in Dropped:
            if self.dropped[reason]:
                table.add_row(f"- {reason}", f"{self.dropped[reason]:,}", self.dropped_at[reason][0])
        table.add_row("kept", f"{self.kept:,}", end_section=True)
        if self.beyond_limit:
            table.add_row("- beyond solve.problems", f"{self.beyond_limit:,}")
        for name, number in self.written.items():
            table.add_row(name, f"{number:,}")
        table.add_section()
        table.add_row("tests kept", f"{self.tests:,}")
        for unusable, number in self.unusable.most_common():
            table.add_row(f"- {unusable}", f"{number:,}")
        return table

    def _to_json(self) -> dict[str, object]:
        return {
            "settings": self.config.model_dump(mode="json"),
            "length_in": "words" if self.config.tokenizer is None else "tokens",
            "evaluation_problems": self.evaluation_problems,
            "read": self.read,
            "dropped": dict(self.dropped),
            "dropped_at": dict(self.dropped_at),
            "kept": self.kept,
            "beyond_solve_problems": self.beyond_limit,
            "written": self.written,
            "tests": self.tests,
            "unusable_tests": dict(self.unusable),
            "contaminated": self.contaminated,
        }

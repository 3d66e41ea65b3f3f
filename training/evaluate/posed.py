"""The problems of an evaluation: those of the mini world, and those that a data set tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from service.domain.task import Task
from training.config import EvaluationSet
from training.data.prepare import set_tasks
from training.errors import StageError
from training.run import Record, Run
from training.tasks.mini import Split, problems
from training.tasks.pipeline import Pipeline
from training.tasks.records import task_of, time_limit_of

ELSEWHERE = (Split.OOD_LONGER, Split.OOD_PHRASING)
_PREPARED = "tasks.test.jsonl"


class Posed(Protocol):
    """A problem as an evaluation poses it."""

    @property
    def id(self) -> str:
        """Unlike any other's of the evaluation."""

    @property
    def task(self) -> Task:
        """What models are shown."""

    @property
    def judged_task(self) -> Task:
        """The task with the tests that decide."""

    @property
    def time_limit_s(self) -> float | None:
        """CPU time of one test; None leaves it to the sandbox."""

    @property
    def reference(self) -> Pipeline | None:
        """What an oracle compares with; only the mini world has one."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A problem of a data set."""

    id: str
    task: Task
    judged_task: Task
    time_limit_s: float | None
    reference: None = None


def held_out(run: Run) -> list[Posed]:
    """The problems of the test split; raises `StageError` where there are none."""
    count = run.config.evaluate.problems
    if run.config.tasks.source == "mini":
        return list(problems(Split.TEST, run.config.seed, count))
    records = run.records(_PREPARED)[:count]
    if not records:
        raise StageError(
            f"{run.file(_PREPARED)} holds no problem to evaluate on: "
            "give the section tasks a test_share, or more data"
        )
    return [_recorded(record, str(record["id"])) for record in records]


def elsewhere(run: Run) -> Iterator[tuple[str, list[Posed]]]:
    """Problems away from home by name: the mini world's, and the evaluation's own sets."""
    if run.config.tasks.source == "mini":
        for split in ELSEWHERE:
            yield split.value, list(problems(split, run.config.seed, run.config.evaluate.ood_problems))
    for name, one in run.config.evaluate.sets.items():
        yield name, _of_set(run, name, one)


def _of_set(run: Run, name: str, one: EvaluationSet) -> list[Posed]:
    bounds = run.config.tasks
    if one.tests_limit is not None:
        bounds = bounds.model_copy(update={"tests_limit": one.tests_limit})
    tasks = set_tasks(one.source, one.path, f"evaluate.sets.{name}.path", bounds)
    found: dict[str, Posed] = {}
    for task in tasks:
        if one.includes(task.day) and (task.public or task.hidden):
            found.setdefault(task.id, _recorded(task.to_json(), f"{name}/{task.id}"))
        if len(found) == run.config.evaluate.ood_problems:
            break
    if not found:
        raise StageError(
            f"evaluate.sets.{name}: {one.path} has no problem with a test that can be read"
            + (" in this window" if one.since or one.until else "")
        )
    return list(found.values())


def _recorded(record: Record, name: str) -> Recorded:
    return Recorded(name, task_of(record, hidden=False), task_of(record, hidden=True), time_limit_of(record))

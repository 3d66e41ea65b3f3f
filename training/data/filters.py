"""Which tasks are fit for training; the first reason against one, in the paper's order, is its reason."""

from enum import StrEnum

from training.config import TasksConfig
from training.data.contamination import EvaluationIndex, Match
from training.data.length import Length
from training.data.source_task import SourceTask
from training.run import StageError


class Dropped(StrEnum):
    """Why a task is not trained on."""

    NO_TESTS = "no usable test"
    IMAGE = "refers to an image"
    MARKUP = "has markup"
    SHORT = "too short"
    LONG = "too long"
    DUPLICATE = "duplicate"
    CONTAMINATED = "overlaps with an evaluation set"


class Filters:
    """Decides task by task; it remembers the statements and ids it has seen."""

    def __init__(self, config: TasksConfig, length: Length, index: EvaluationIndex) -> None:
        self._config = config
        self._length = length
        self._index = index
        self._statements: set[str] = set()
        self._ids: set[str] = set()

    def verdict(self, task: SourceTask) -> tuple[Dropped | None, Match | None]:
        """The reason to drop a task, and the match where that is contamination; None keeps it.

        Raises `StageError` where two different problems have one id.
        """
        reason = self._of_statement(task) or self._of_length(task) or self._of_seen(task)
        if reason is not None:
            return reason, None
        match = self._index.match(task.problem)
        return (Dropped.CONTAMINATED if match else None), match

    def _of_statement(self, task: SourceTask) -> Dropped | None:
        if not task.public and not task.hidden:
            return Dropped.NO_TESTS
        if "<image>" in task.problem:
            return Dropped.IMAGE
        return Dropped.MARKUP if "<span " in task.problem else None

    def _of_length(self, task: SourceTask) -> Dropped | None:
        length = self._length(task.problem)
        if length <= self._config.more_than_tokens:
            return Dropped.SHORT
        return Dropped.LONG if length >= self._config.fewer_than_tokens else None

    def _of_seen(self, task: SourceTask) -> Dropped | None:
        """The same statement but for white space is a duplicate, whatever its tests."""
        if task.squeezed in self._statements:
            return Dropped.DUPLICATE
        if task.id in self._ids:
            raise StageError(f"{task.place}: id {task.id} is that of another problem: ids must differ")
        self._statements.add(task.squeezed)
        self._ids.add(task.id)
        return None

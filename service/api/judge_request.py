"""Wire form of a judging: programs for one problem, or items that bring each their own."""

from collections import Counter
from functools import partial

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from service.api.on_error import ERROR, OnErrorText
from service.api.refine_request import SamplingIn
from service.api.task import CodeText, InterfaceFields, ModelName, ProblemText, TaskFields, candidate_of
from service.domain.ruling import Case, Mode
from service.domain.task import Task
from service.reader import Unread

PROGRAMS = 512
COMPARED = 64
"""Programs of one problem that are compared: 192 pairs, 384 calls of the critic."""
VOTES = 64

_OWN = ("entry_point", "tests", "problem", "solutions")
"""What each item says for itself."""


class JudgeItem(TaskFields):
    """A program with a problem and tests of its own."""

    id: str | None = Field(default=None, max_length=200, description="Comes back in the result.")
    solution: CodeText

    def to_case(self) -> Case:
        return Case(self.to_task(), candidate_of(self.solution))


class JudgeRequest(InterfaceFields):
    """Programs to judge: `problem` with `solutions`, or `items`."""

    model_config = ConfigDict(
        validate_default=True,
        json_schema_extra={"oneOf": [{"required": ["problem", "solutions"]}, {"required": ["items"]}]},
    )

    items: list[JudgeItem] | None = Field(
        default=None, max_length=PROGRAMS, description="A batch of several problems."
    )
    problem: ProblemText | None = None
    solutions: list[CodeText] | None = Field(default=None, max_length=PROGRAMS)
    mode: Mode = Field(
        default=Mode.CRITIQUE,
        description="What decides. `critique`: the critic. `exec`: the tests. `hybrid`: the tests, then the "
        "critic where they pass or there are none. `pairwise`: the critic compares programs two by two.",
    )
    votes: int = Field(default=1, ge=1, le=VOTES, description="Critiques asked for of each program.")
    critic: ModelName | None = None
    on_error: OnErrorText = ERROR
    sampling: SamplingIn = Field(
        default=SamplingIn(), description="Null: seed 0, and temperature 0 for a single vote."
    )

    @field_validator("items")
    @classmethod
    def _has_its_own(cls, items: list[JudgeItem] | None, info: ValidationInfo) -> list[JudgeItem] | None:
        if items is not None and any(
            info.data.get(name) for name in ("entry_point", "tests", "usual_imports")
        ):
            raise ValueError("each has its own entry_point, tests and usual_imports: leave the request's out")
        return items

    @field_validator("problem", "solutions")
    @classmethod
    def _stands_for_items(cls, value: object, info: ValidationInfo) -> object:
        if "items" not in info.data:
            return value
        if info.data["items"] is None and value is None:
            raise ValueError("is required, or give items that have each its own problem and solution")
        if info.data["items"] is not None and value is not None:
            raise ValueError("cannot stand beside items, which have each its own")
        return value

    @field_validator("mode")
    @classmethod
    def _can_be_done(cls, mode: Mode, info: ValidationInfo) -> Mode:
        items, data = info.data.get("items"), info.data
        if mode is Mode.EXEC and {"items", "tests"} <= data.keys():
            without = [n for n, item in enumerate(items or ()) if not item.tests]
            if without or (items is None and not data["tests"]):
                raise ValueError(
                    "exec judges by tests alone: give tests" + (f" to items.{without[0]}" if without else "")
                )
        problems = [item.problem for item in items or ()] or [""] * len(data.get("solutions") or ())
        if mode is Mode.PAIRWISE and max(Counter(problems).values(), default=0) > COMPARED:
            raise ValueError(f"pairwise compares at most {COMPARED} programs of one problem")
        return mode

    @property
    def unread(self) -> Unread:
        """The programs, to be taken each out of its fence and put beside its task."""
        if self.items is not None:
            return [item.to_case for item in self.items]
        case = partial(_case, self.task_of(self.problem or ""))
        return [partial(case, solution) for solution in self.solutions or ()]

    @property
    def ids(self) -> list[str | None]:
        """What the results are called."""
        if self.items is not None:
            return [item.id for item in self.items]
        return [None] * len(self.solutions or ())


def _case(task: Task, solution: str) -> Case:
    return Case(task, candidate_of(solution))

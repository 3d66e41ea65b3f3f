"""What the gateway answers, as typed values: the gateway's own models, so that there is one definition."""

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from service.api.refinement import RefinementOut, RoundOut
from service.client.errors import AnswerError, JobCancelledError, ProblemError

ModelT = TypeVar("ModelT", bound=BaseModel)

JobStatus = Literal["queued", "in_progress", "completed", "failed", "cancelled"]


def read(value: object, kind: type[ModelT]) -> ModelT:
    """Read an answer; one that does not fit is of a gateway of another version."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        complaint = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in complaint["loc"])
        raise AnswerError(
            f"the answer cannot be read as {kind.__name__}: {where}: {complaint['msg']}"
        ) from None


class Job(BaseModel):
    """A refinement in the background: where it stands, and what it has so far."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: JobStatus
    rounds: list[RoundOut] = []
    problem: Mapping[str, Any] | None = None
    """Why it failed."""
    refinement: RefinementOut | None = None
    """The whole result, once it is completed."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read what `/refine/{id}` says."""
        known = {name: document[name] for name in ("id", "status", "rounds", "problem") if name in document}
        if document.get("status") == "completed":
            known["refinement"] = read(document, RefinementOut)
        return read(known, cls)

    @property
    def is_over(self) -> bool:
        return self.status not in {"queued", "in_progress"}

    def result(self) -> RefinementOut | None:
        """Return the result, None while there is none yet; raise if there will be none."""
        if self.status == "failed":
            raise ProblemError(self.problem or {"title": "The refinement failed"}, 500)
        if self.status == "cancelled":
            raise JobCancelledError(f"refinement {self.id} was cancelled")
        return self.refinement

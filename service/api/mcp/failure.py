"""A failed call as an assistant reads it: what is wrong, and what to do about it."""

from collections.abc import Sequence

from pydantic import ValidationError

from service.api.problems import Problem, field_error, problem_of
from service.domain.errors import RequestError

FIELDS = 20


class FailedError(Exception):
    """A call that failed with a problem that is known already."""

    def __init__(self, problem: Problem):
        super().__init__(problem.title)
        self.problem = problem


def explained(error: Exception, request_id: str | None) -> str:
    """Say what went wrong, by the field where it was a field, and the remedy."""
    match error:
        case ValidationError():
            fields = [field_error(complaint) for complaint in error.errors()[:FIELDS]]
            return _told("The arguments are invalid", [f"{field.field}: {field.message}" for field in fields])
        case RequestError():
            return _told("The arguments are invalid", [f"{error.field}: {error}"])
        case FailedError():
            return told(error.problem)
    return told(problem_of(error, request_id=request_id))


def told(problem: Problem) -> str:
    """Say what a problem is, and the remedy."""
    errors = [f"{field.field}: {field.message}" for field in problem.errors or ()]
    lines = errors or ([problem.detail] if problem.detail else [])
    return _told(problem.title, lines, _remedy(problem))


def _told(title: str, lines: Sequence[str], remedy: str = "Change this and call again.") -> str:
    said = [f"{title}: {lines[0]}"] if len(lines) == 1 else [f"{title}.", *lines]
    return "\n".join([*said, remedy])


_REMEDIES = {
    403: "Ask for a key that may: calling again does not help.",
    422: "Change this and call again.",
    429: "Call again later, and less often.",
    503: "This passes by itself: call again in a few seconds.",
    504: "Ask for less at once: fewer rounds, fewer programs, a shorter problem.",
}


def _remedy(problem: Problem) -> str:
    if problem.status == 500:
        return f"The fault is the gateway's; its log has it under {problem.request_id}."
    nothing = "Nothing was judged. Call again; if it stays, the gateway's /ready says which part is down."
    return _REMEDIES.get(problem.status, nothing)

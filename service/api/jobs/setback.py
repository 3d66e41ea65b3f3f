"""When a job of the background is put off because a part failed: it was accepted, and is not to be lost."""

import random

from service.api.problems import problem_of
from service.api.streaming import Frame
from service.domain.errors import ModelError, ServiceError

SETBACKS = 12
"""How often in a row, without a finished round between: some eight minutes in all."""
FIRST_S = 1.0
LONGEST_S = 60.0


def wait_s(error: ServiceError, setbacks: int) -> float:
    """Double each wait, honour what a breaker asks for, and scatter a herd."""
    asked_s = error.retry_after_s if isinstance(error, ModelError) else None
    doubled = min(FIRST_S * 2.0**setbacks, LONGEST_S)
    return max(doubled, float(asked_s or 0)) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter


def postponement(job_id: str, error: ServiceError, again_s: float) -> Frame:
    """Tell whoever follows what failed, and when it is tried again."""
    problem = problem_of(error, instance=f"/refine/{job_id}").model_dump(mode="json", exclude_none=True)
    return Frame("refinement.postponed", {"id": job_id, "again_s": round(again_s, 1), "problem": problem})

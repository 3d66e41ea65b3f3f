"""How a trainer that can send nothing but its own body says how to judge: in the URL's query."""

from pydantic import BaseModel, ConfigDict, Field

from service.api.judge_request import VOTES
from service.api.on_error import ERROR, OnErrorText, ScalarOnErrorText
from service.api.task import ModelName
from service.domain.ruling import Mode


class Profile(BaseModel):
    """Query parameters; unknown ones are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    votes: int = Field(default=1, ge=1, le=VOTES, description="Critiques asked for of each program.")


class TestedProfile(Profile):
    """For contracts that carry tests."""

    mode: Mode = Field(default=Mode.HYBRID, description="What decides, as in `/judge`.")
    critic: ModelName | None = None


class ScalarProfile(TestedProfile):
    """For contracts in which a reward must be a number."""

    on_error: ScalarOnErrorText = ERROR


class AbstainingProfile(TestedProfile):
    """For contracts in which a reward may be missing."""

    on_error: OnErrorText = ERROR

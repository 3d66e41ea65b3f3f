"""Wire form of what a refinement is asked for."""

from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from service.api.task import CodeText, ModelName, TaskFields, Wire
from service.domain.chat import SEEDS, Sampling
from service.domain.refinement import Feedback, Selection, StopRule

ROUNDS = 16
CANDIDATES = 16
METADATA = 16
METADATA_CHARS = 512


def _of_few(metadata: object) -> object:
    """Look at the number first: each value may be a complaint of its own."""
    if isinstance(metadata, dict) and len(metadata) > METADATA:
        raise ValueError(f"has {len(metadata)} entries, and may have {METADATA}")
    return metadata


class BudgetIn(Wire):
    """What the refinement may spend; null is bounded by the service alone."""

    completion_tokens: int | None = Field(default=None, ge=1, le=100_000_000)
    seconds: float | None = Field(default=None, gt=0, le=86_400)


class SamplingIn(Wire):
    """How to decode; null takes what suits the model."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)
    seed: int | None = Field(default=None, ge=0, lt=SEEDS)

    def over(self, default: Sampling) -> Sampling:
        """Take what is said here, and the rest from `default`."""
        return Sampling(
            temperature=default.temperature if self.temperature is None else self.temperature,
            top_p=default.top_p if self.top_p is None else self.top_p,
            max_tokens=default.max_tokens if self.max_tokens is None else self.max_tokens,
            seed=default.seed if self.seed is None else self.seed,
            stop=default.stop,
            logprobs=default.logprobs,
        )


class RefineRequest(TaskFields):
    """A task, perhaps a draft to start from, and how to proceed."""

    solution: Annotated[CodeText | None, Field(description="A draft; without it the generator proposes.")] = (
        None
    )
    generator: ModelName | None = None
    critic: ModelName | None = None
    rounds: int | None = Field(
        default=None, ge=0, le=ROUNDS, description="Revisions at most; null: the default."
    )
    candidates: int = Field(default=1, ge=1, le=CANDIDATES)
    stop: StopRule = StopRule.JUDGED_CORRECT
    feedback: Feedback = Feedback.BLIND
    select: Selection = Selection.LAST
    budget: BudgetIn = BudgetIn()
    sampling: SamplingIn = SamplingIn()
    stream: bool = False
    background: bool = Field(
        default=False, description="Answer with 202 and a handle; the refinement outlives its connection."
    )
    metadata: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=METADATA_CHARS)]],
        BeforeValidator(_of_few, json_schema_input_type=dict[str, str]),
    ] = Field(default={}, max_length=METADATA)

    @field_validator("solution")
    @classmethod
    def _is_a_program(cls, solution: str | None) -> str | None:
        if solution is not None and not solution.strip():
            raise ValueError("is blank: give a program, or null to have one proposed")
        return solution

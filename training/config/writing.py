"""Who writes drafts and hinted critiques, and how."""

from pydantic import Field, NonNegativeFloat, PositiveInt

from training.config.section import Address, Section


class EndpointConfig(Section):
    """An OpenAI-compatible endpoint, such as a vLLM server; its key comes from CTRL_TRAIN_API_KEY."""

    base_url: Address
    model: str
    concurrency: PositiveInt = 256
    """Requests in flight."""


class EnginesConfig(Section):
    """Who writes. Without an endpoint the weights run in this process."""

    generator: EndpointConfig | None = None
    """Drafts, hinted critiques and revisions: the frozen model."""
    critic: EndpointConfig | None = None
    """The trained critic, in evaluation."""
    sft: EndpointConfig | None = None
    """The critic as it was before reinforcement, in screening and evaluation."""


class SolveConfig(Section):
    """Drafts by the generator: the raw material of critiques."""

    problems: PositiveInt
    drafts: PositiveInt
    temperature: NonNegativeFloat = 1.0
    top_p: float = Field(gt=0, le=1, default=1.0)
    max_tokens: PositiveInt = 192


class SynthesizeConfig(Section):
    """Hinted critiques by the base model."""

    problems: PositiveInt | None = None
    """How many problems give critiques to learn (the first ones); reinforcement takes the others."""
    temperature: NonNegativeFloat = 0.7
    top_p: float = Field(gt=0, le=1, default=0.8)
    max_tokens: PositiveInt = 256
    right_share: float | None = Field(ge=0, le=1, default=None)
    """Share of right drafts kept, so that the critic does not learn one judgment; None keeps all (paper)."""
    per_problem: PositiveInt = 1

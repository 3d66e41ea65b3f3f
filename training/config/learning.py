"""Both stages of the paper: SFT and GRPO."""

from typing import Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from training.config.section import Section


class LoraConfig(Section):
    """Train an adapter instead of all weights."""

    rank: PositiveInt
    alpha: PositiveInt
    dropout: float = Field(ge=0, lt=1, default=0.0)


class SftConfig(Section):
    """Stage I of the paper: hint-free instruction, hinted critique, loss on the critique only."""

    epochs: PositiveFloat
    batch: PositiveInt
    """Examples a device and micro-batch."""
    accumulation: PositiveInt = 1
    learning_rate: PositiveFloat
    max_tokens: PositiveInt | None = None
    """Examples longer than this, prompt included, are left out (paper: 2048)."""
    lora: LoraConfig | None = None


class RewardConfig(Section):
    """What a critique earns beside the outcome of its revision; each term is off at 0."""

    judgment: NonNegativeFloat = 0.0
    """Added where a well-formed critique judges the draft as the tests do (Critique-RL, arXiv 2510.24320)."""
    direct_solution: NonNegativeFloat = 0.0
    """Taken off where the critique holds a program."""
    length: NonNegativeFloat = 0.0
    """Taken off in proportion to the critique's length, all of it at the token limit."""


class ScreenConfig(Section):
    """Which drafts stage II learns on: those that the critic of stage I gets repaired at times, not always.

    The others would make groups without spread, from which GRPO learns nothing (as in DAPO, arXiv 2503.14476,
    but before training and not in every step).
    """

    critiques: int = Field(ge=2, default=4)
    """Of each draft; kept are those of which some earn the reward and some do not."""
    drafts: PositiveInt | None = None
    """How many to try; None tries all that reinforcement may use."""
    wrong_share: float | None = Field(gt=0, le=1, default=None)
    """Share of wrong drafts among those tried; None takes them as they come."""
    temperature: PositiveFloat = 1.0
    max_tokens: PositiveInt = 768
    max_revision_tokens: PositiveInt = 1024


class GrpoConfig(Section):
    """Stage II of the paper. A step samples `prompts` x `generations` critiques."""

    steps: PositiveInt
    prompts: PositiveInt
    generations: int = Field(ge=2, default=8)
    mini_batches: PositiveInt = 1
    """Optimizer updates a step (paper: 4)."""
    micro_batch: PositiveInt | None = None
    """Critiques a device and forward pass; None takes a whole mini-batch."""
    learning_rate: PositiveFloat = 1e-5
    kl: NonNegativeFloat = 1e-3
    clip: PositiveFloat = 0.2
    entropy: NonNegativeFloat = 1e-3
    temperature: PositiveFloat = 1.0
    max_prompt_tokens: PositiveInt = 1536
    """Prompts longer than this are left out, never cut."""
    max_completion_tokens: PositiveInt = 768
    max_revision_tokens: PositiveInt = 1024
    wrong_share: float | None = Field(gt=0, le=1, default=None)
    """Share of wrong drafts among the prompts; None takes them as they come (paper)."""
    sampling_chunks: PositiveInt = 4
    """Parts a batch is sampled in, so that rewards of one part are found while the next is sampled."""
    seeds: tuple[int, ...] = Field(min_length=1, default=(1,))
    """One run each; the first is exported, the others show the spread."""
    save_every_steps: PositiveInt = 5
    reward: RewardConfig = RewardConfig()
    least_leverage: float = Field(ge=0, le=1, default=0.0)
    """Training refuses to start unless hinted critiques repair this much more than contentless ones do.

    At 0 they must not repair less; the paper has no such gate.
    """
    most_unjudged: float = Field(ge=0, le=1, default=0.02)
    """Training stops once more rewards than this share are missing because of a broken part."""
    most_flat_groups: float = Field(ge=0, le=1, default=0.8)
    """Training stops once groups without any spread in reward exceed this share, over ten steps."""
    lora: LoraConfig | None = None
    vllm: str | None = Field(pattern=r"^(colocate|https?://\S+)$", default=None)
    """None samples with transformers; "colocate", or the URL of a vLLM server that takes new weights."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.prompts * self.generations % self.mini_batches:
            raise ValueError(
                f"prompts x generations = {self.prompts} x {self.generations} critiques do not divide into "
                f"mini_batches = {self.mini_batches}: change one of them"
            )
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds names one twice: it would be one run that counts as two")
        return self

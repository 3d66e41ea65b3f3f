"""One TOML, one tree. Imports nothing heavy, so that `--help` and validation answer at once."""

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MixConfig(_Section):
    """Shares of the pretraining corpus."""

    write: NonNegativeFloat
    revise: NonNegativeFloat
    blind: NonNegativeFloat
    hinted: NonNegativeFloat


class NoiseConfig(_Section):
    """How poor the pretraining corpus is, as probabilities."""

    slipped_programs: float = Field(ge=0, le=1)
    poor_critiques: float = Field(ge=0, le=1)
    right_drafts: float = Field(ge=0, le=1)
    poor_in_revisions: float = Field(ge=0, le=1)


class PhaseConfig(_Section):
    """What the corpus is like during one part of pretraining."""

    mix: MixConfig
    noise: NoiseConfig


class ModelConfig(_Section):
    """Size of the base model (llama architecture) and its tokenizer."""

    vocabulary: PositiveInt
    hidden: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    intermediate: PositiveInt
    positions: PositiveInt


class PretrainConfig(_Section):
    """Pretraining from scratch. A batch is `batch_rows` rows of `row_tokens`, packed with short examples."""

    batches: PositiveInt
    batch_rows: PositiveInt
    row_tokens: PositiveInt
    learning_rate: PositiveFloat
    warmup: float = Field(ge=0, lt=1)
    early_share: float = Field(ge=0, le=1)
    """The first part of training, in which `early` holds; then `late`."""
    early: PhaseConfig
    late: PhaseConfig
    save_every_batches: PositiveInt


class SizeConfig(_Section):
    """One more base model of another size and seed, with a critic of its own: who helps whom."""

    model: ModelConfig
    batches: PositiveInt
    """Of pretraining; everything else is as for the main model."""
    seed: int
    grown: bool = False
    """Start from the main base model with layers added that do nothing yet, not from nothing."""
    critic: bool = True
    """Whether it gets a critic of its own; a larger base model may be there to criticise untrained."""
    learning_rate: PositiveFloat | None = None
    """Of pretraining; None takes the main model's."""


class EndpointConfig(_Section):
    """An OpenAI-compatible endpoint, such as a vLLM server; its key comes from CTRL_TRAIN_API_KEY."""

    base_url: str
    model: str
    concurrency: PositiveInt = 256
    """Requests in flight."""


class EnginesConfig(_Section):
    """Who writes. Without an endpoint the weights run in this process."""

    generator: EndpointConfig | None = None
    """Drafts, hinted critiques and revisions: the frozen model."""
    critic: EndpointConfig | None = None
    """The trained critic, in evaluation."""


class LoraConfig(_Section):
    """Train an adapter instead of all weights."""

    rank: PositiveInt
    alpha: PositiveInt
    dropout: float = Field(ge=0, lt=1, default=0.0)


class TasksConfig(_Section):
    """Where the problems come from, and which are fit for training (paper 4.1); `docs/training-data.md`."""

    source: Literal["mini", "taco", "code_contests", "jsonl"] = "mini"
    path: Path | None = None
    """A file of the source, or a folder of them."""
    evaluation: tuple[Path, ...] = ()
    """Files of evaluation sets; a problem that overlaps with one of theirs is dropped."""
    ngram: int = Field(ge=5, default=13)
    """Words in a run that counts as shared."""
    overlap: float = Field(gt=0, le=1, default=0.3)
    """Share of shared runs, of the shorter text's, from which on a problem is dropped."""
    tokenizer: Path | None = None
    """The generator's `tokenizer.json`, or its folder, to count tokens with; None counts words."""
    more_than_tokens: NonNegativeInt = 64
    fewer_than_tokens: PositiveInt = 2048
    tests_limit: PositiveInt | None = None
    """Tests a problem, public ones first (paper: all in training, 10 to evaluate on CodeContests)."""
    tests_bytes: PositiveInt = Field(le=24 << 20, default=8 << 20)
    """Size of all tests of a problem as JSON: each judging sends them, and a sandbox reads 32 MiB at most."""
    longest_time_limit_s: PositiveFloat = Field(le=60, default=30)
    """What a longer time limit is cut to; the sandbox takes 60 at most."""
    validation_share: float = Field(ge=0, lt=1, default=0.02)
    test_share: float = Field(ge=0, lt=1, default=0.02)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.source == "mini" and (self.path or self.evaluation):
            raise ValueError("source mini makes its problems: leave path and evaluation out, or name another")
        if self.source != "mini" and self.path is None:
            raise ValueError(f"source {self.source} needs path: a file of it, or a folder of them")
        if self.more_than_tokens + 1 >= self.fewer_than_tokens:
            raise ValueError("no length is above more_than_tokens and below fewer_than_tokens")
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share leave nothing to train on")
        return self


class SolveConfig(_Section):
    """Drafts by the generator: the raw material of critiques."""

    problems: PositiveInt
    drafts: PositiveInt
    temperature: NonNegativeFloat = 1.0
    top_p: float = Field(gt=0, le=1, default=1.0)
    max_tokens: PositiveInt = 192


class SynthesizeConfig(_Section):
    """Hinted critiques by the base model."""

    problems: PositiveInt | None = None
    """How many problems give critiques to learn (the first ones); reinforcement takes the others."""
    temperature: NonNegativeFloat = 0.7
    top_p: float = Field(gt=0, le=1, default=0.8)
    max_tokens: PositiveInt = 256
    right_share: float = Field(ge=0, le=1, default=0.5)
    """Share of right drafts kept, so that the critic does not learn to approve everything."""
    per_problem: PositiveInt = 1


class SftConfig(_Section):
    """Stage I of the paper: hint-free instruction, hinted critique, loss on the critique only."""

    epochs: PositiveFloat
    batch: PositiveInt
    """Examples a device and micro-batch."""
    accumulation: PositiveInt = 1
    learning_rate: PositiveFloat
    max_tokens: PositiveInt | None = None
    """Examples longer than this, prompt included, are left out (paper: 2048)."""
    lora: LoraConfig | None = None


class RewardConfig(_Section):
    """What a critique earns beside the outcome of its revision; each term is off at 0."""

    judgment: NonNegativeFloat = 0.0
    """Added where the judgment agrees with the tests on the draft (Critique-RL, arXiv 2510.24320)."""
    direct_solution: NonNegativeFloat = 0.0
    """Taken off where the critique holds a program."""
    length: NonNegativeFloat = 0.0
    """Taken off in proportion to the critique's length, all of it at the token limit."""


class GrpoConfig(_Section):
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
    wrong_share: float = Field(gt=0, le=1, default=0.8)
    """Share of wrong drafts among the prompts."""
    sampling_chunks: PositiveInt = 4
    """Parts a batch is sampled in, so that rewards of one part are found while the next is sampled."""
    seeds: tuple[int, ...] = Field(min_length=1, default=(1,))
    """One run each; the first is exported, the others show the spread."""
    save_every_steps: PositiveInt = 5
    reward: RewardConfig = RewardConfig()
    least_leverage: float = Field(ge=0, le=1, default=0.15)
    """Training refuses to start unless an oracle's critique repairs this much more than an empty one."""
    most_unjudged: float = Field(ge=0, le=1, default=0.02)
    """Training stops once more rewards than this share are missing because of a broken part."""
    most_flat_groups: float = Field(ge=0, le=1, default=0.8)
    """Training stops once groups without any spread in reward exceed this share, over ten steps."""
    lora: LoraConfig | None = None
    vllm: str | None = None
    """None samples with transformers; "colocate", or the URL of a vLLM server that takes new weights."""


class EvaluateConfig(_Section):
    """Gates and baselines on problems of the test split."""

    problems: PositiveInt
    samples: PositiveInt
    ood_problems: PositiveInt
    """Problems of each out-of-distribution split."""
    rounds: PositiveInt = 8
    matrix_problems: PositiveInt = 200
    """Problems for the table of critic sizes and generator sizes."""
    pairs: PositiveInt = 200
    """Pairs of a right and a wrong program for the critic as a reward model."""


class ExportConfig(_Section):
    """In what form the critic leaves the run."""

    adapter: bool = False
    """Of a critic trained with LoRA: the adapter alone, which needs its base to be served."""


class HardwareConfig(_Section):
    """What a run is meant for. Only `plan` reads it; a launcher decides what a run gets."""

    gpu: Literal["a100", "h100", "h200"] = "h100"
    gpus: PositiveInt = 1
    """A node."""
    nodes: PositiveInt = 1
    sampler_gpus: NonNegativeInt = 0
    """Of all nodes' GPUs, those that sample critiques during GRPO instead of training; 0 with "colocate"."""
    generator_gpus: NonNegativeInt = 0
    """Those that serve the frozen generator during GRPO."""
    tensor_parallel: PositiveInt = 1
    """GPUs that share one copy of a served model."""


class TrainConfig(_Section):
    """Everything a run depends on; the resolved tree is written beside its output."""

    name: str
    seed: int
    out: Path
    base: str | None = None
    """Real weights to start from: a folder, or a model of the hub; instead of `model` and `pretrain`."""
    revision: str | None = None
    """Commit, tag or branch of a model of the hub."""
    model: ModelConfig | None = None
    pretrain: PretrainConfig | None = None
    engines: EnginesConfig = EnginesConfig()
    tasks: TasksConfig = TasksConfig()
    solve: SolveConfig
    synthesize: SynthesizeConfig
    sft: SftConfig
    grpo: GrpoConfig
    sizes: dict[str, SizeConfig] = {}
    export: ExportConfig = ExportConfig()
    evaluate: EvaluateConfig
    hardware: HardwareConfig = HardwareConfig()

    @model_validator(mode="after")
    def _start_in_one_way(self) -> Self:
        scratch = (self.model is not None, self.pretrain is not None)
        if (self.base is not None and any(scratch)) or (self.base is None and not all(scratch)):
            raise ValueError(
                "a run starts in one of two ways: set `base` (a folder or a model of the hub), "
                "or both [model] and [pretrain] to make a base model from nothing"
            )
        if self.base is not None and self.sizes:
            raise ValueError("[sizes] are base models made from nothing: they need [pretrain], not `base`")
        if self.revision is not None and self.base is None:
            raise ValueError("`revision` belongs to `base`, which is not set")
        return self

    @property
    def scratch(self) -> tuple[ModelConfig, PretrainConfig]:
        """How to make the base model from nothing; an error where the run starts from real weights."""
        if self.model is None or self.pretrain is None:
            raise ValueError(f"the run starts from {self.base}: there is nothing to pretrain")
        return self.model, self.pretrain


def load_config(path: Path) -> TrainConfig:
    """Read and check a TOML; a pydantic `ValidationError` names each field that is wrong."""
    return TrainConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))

"""One plan: what a configuration needs on given hardware."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from training.config import HardwareConfig, TrainConfig
from training.errors import StageError
from training.plan.architecture import Architecture, architecture_of, mini_architecture
from training.plan.duration import Clock, Cluster, update_operations
from training.plan.memory import Training
from training.plan.serving import COLOCATED, UTILIZATION, Serving

GPUS = Path(__file__).with_name("gpus.toml")
COLOCATE = "colocate"


@dataclass(frozen=True, slots=True)
class Stage:
    """A training stage: its load on each GPU, its steps, its time."""

    gpus: int
    parts_gb: dict[str, float]
    steps: int
    tokens: int
    """Of a step at most: all sequences at their limits."""
    step_s: dict[str, float]
    """Seconds of a step, by what passes them; what overlaps is counted once."""
    hours: float

    @property
    def total_gb(self) -> float:
        """Memory of one GPU."""
        return sum(self.parts_gb.values())


@dataclass(frozen=True, slots=True)
class Planner:
    """Works out the parts of a plan."""

    config: TrainConfig
    hardware: HardwareConfig
    policy: Architecture
    generator: Architecture

    @property
    def clock(self) -> Clock:
        """What turns tokens into seconds here."""
        sheet = tomllib.loads(GPUS.read_text(encoding="utf-8"))[self.hardware.gpu]
        served = self.hardware.sampler_gpus + self.hardware.generator_gpus
        return Clock(
            Cluster(
                tflops=sheet["tflops"],
                memory_gb=sheet["memory_gb"],
                trainers=self.hardware.gpus * self.hardware.nodes - served,
                samplers=self.hardware.sampler_gpus,
                generators=self.hardware.generator_gpus,
            )
        )

    def sft(self) -> Stage:
        """Stage I on all GPUs; its examples are at most one critique for each problem and draft allowed."""
        sft, clock = self.config.sft, self.clock
        gpus = clock.cluster.gpus
        length = sft.max_tokens or self._rollout_tokens()
        batch = sft.batch * sft.accumulation * gpus
        steps = max(1, math.ceil(self.examples() * sft.epochs / batch))
        load = Training(
            self.policy,
            gpus,
            sft.batch * length,
            rank=sft.lora.rank if sft.lora else None,
            recomputed=self._recomputes(),
        )
        operations = update_operations(adapter=sft.lora is not None, recomputed=self._recomputes())
        filled = batch * length * clock.assumed.filled
        step_s = {"update": clock.training_s(self.policy.parameters, filled, operations, gpus)}
        return Stage(gpus, _gb(load.parts()), steps, batch * length, step_s, _hours(steps, step_s))

    def grpo(self) -> Stage:
        """Stage II, all its seeds, on the GPUs that do not serve."""
        grpo, trainers = self.config.grpo, self.clock.cluster.trainers
        parts = _gb(
            Training(
                self.policy,
                trainers,
                self.micro_batch() * self._rollout_tokens(),
                rank=grpo.lora.rank if grpo.lora else None,
                reference=grpo.kl > 0 and grpo.lora is None,
                layered_reference=self.hardware.sharding == "zero3",
                recomputed=self._recomputes(),
            ).parts()
        )
        if grpo.vllm == COLOCATE:
            parts["vLLM"] = COLOCATED * self.clock.cluster.memory_gb
        steps, step_s = grpo.steps * len(grpo.seeds), self._step_s()
        tokens = self.rollouts() * self._rollout_tokens()
        return Stage(trainers, parts, steps, tokens, step_s, _hours(steps, step_s))

    def _step_s(self) -> dict[str, float]:
        """Sampling and revising overlap but for one chunk, where the generator has GPUs of its own."""
        grpo, clock, cluster = self.config.grpo, self.clock, self.clock.cluster
        size, filled, rollouts = self.policy.parameters, clock.assumed.filled, self.rollouts()
        sampling = clock.sampling_s(
            size,
            read=grpo.prompts * grpo.max_prompt_tokens * filled,  # a group's prompt is read once, then cached
            written=rollouts * grpo.max_completion_tokens * filled,
            gpus=cluster.samplers or cluster.trainers,
        )
        revising = clock.sampling_s(
            self.generator.parameters,
            read=rollouts * self._rollout_tokens() * filled,
            written=rollouts * grpo.max_revision_tokens * filled,
            gpus=cluster.generators or cluster.trainers,
        )
        if cluster.generators:
            rest = min(sampling, revising) / grpo.sampling_chunks
            waiting = max(sampling, revising) + rest - sampling
        else:
            waiting = revising
        tokens = rollouts * self._rollout_tokens() * filled
        return {
            "sampling": sampling,
            "waiting for revisions": waiting,
            "update": clock.training_s(size, tokens, self._grpo_operations(), cluster.trainers),
            "new weights to vLLM": clock.transfer_s(size) if grpo.vllm else 0.0,
        }

    def programs_per_s(self) -> float:
        """Revisions that sandboxes have to judge a second, so that nobody waits for them."""
        step_s = self._step_s()
        return self.rollouts() / (step_s["sampling"] + step_s["waiting for revisions"])

    def _grpo_operations(self) -> int:
        """The update, and a forward pass each for the old and the reference log-probabilities."""
        grpo = self.config.grpo
        update = update_operations(adapter=grpo.lora is not None, recomputed=self._recomputes())
        return update + 2 + 2 * (grpo.kl > 0)

    def writing_hours(self) -> dict[str, float]:
        """Drafts, hinted critiques, and those of a screening with their revisions.

        On all GPUs: nothing else runs then.
        """
        solve, critiques, clock = self.config.solve, self.config.synthesize, self.clock
        filled, prompt = clock.assumed.filled, self.config.grpo.max_prompt_tokens
        counts = {
            "solve": (solve.problems * solve.drafts, solve.max_tokens),
            "synthesize": (self.examples(), critiques.max_tokens),
        }
        if screen := self.config.screen:
            tried = min(self.drafts(), screen.drafts or self.drafts())
            counts["screen"] = (tried * screen.critiques, screen.max_tokens + screen.max_revision_tokens)
        return {
            stage: clock.sampling_s(
                self.generator.parameters, n * prompt * filled, n * most * filled, clock.cluster.gpus
            )
            / 3600
            for stage, (n, most) in counts.items()
        }

    def serving(self) -> dict[str, Serving]:
        """The vLLM servers of GRPO, by role."""
        split, memory = self.hardware.tensor_parallel, self.clock.cluster.memory_gb
        roles = {}
        if self.config.grpo.vllm == COLOCATE:
            roles["sampler"] = Serving(self.policy, 1, COLOCATED * memory)
        elif self.config.grpo.vllm:
            roles["sampler"] = Serving(self.policy, split, UTILIZATION * memory)
        if self.config.engines.generator:
            roles["generator"] = Serving(self.generator, split, UTILIZATION * memory)
        return roles

    def examples(self) -> int:
        """Critiques to learn, at most: filters and balance leave fewer."""
        problems = self.config.synthesize.problems or self.config.solve.problems
        return problems * min(self.config.synthesize.per_problem, self.config.solve.drafts)

    def drafts(self) -> int:
        """Drafts for GRPO, at most: those of problems that gave no critiques to learn."""
        taught = self.config.synthesize.problems or 0
        return (self.config.solve.problems - taught) * self.config.solve.drafts

    def rollouts(self) -> int:
        """Critiques of a step."""
        return self.config.grpo.prompts * self.config.grpo.generations

    def micro_batch(self) -> int:
        """Critiques of one forward pass on one GPU."""
        grpo, trainers = self.config.grpo, self.clock.cluster.trainers
        return grpo.micro_batch or max(1, self.rollouts() // grpo.mini_batches // trainers)

    def _rollout_tokens(self) -> int:
        return self.config.grpo.max_prompt_tokens + self.config.grpo.max_completion_tokens

    def _recomputes(self) -> bool:
        return self.config.base is not None


def planner_of(config: TrainConfig, hardware: HardwareConfig | None = None) -> Planner:
    """Find the sizes of the models; raises `StageError` where they are unknown or no GPU is left to train."""
    hardware = hardware or config.hardware
    if hardware.sampler_gpus + hardware.generator_gpus >= hardware.gpus * hardware.nodes:
        raise StageError(
            f"hardware: {hardware.sampler_gpus} sampler and {hardware.generator_gpus} generator GPUs leave "
            f"none of {hardware.gpus * hardware.nodes} to train on: lower them, or plan with more GPUs"
        )
    policy = _policy(config)
    endpoint = config.engines.generator
    return Planner(config, hardware, policy, (endpoint and architecture_of(endpoint.model)) or policy)


def _policy(config: TrainConfig) -> Architecture:
    if config.base is None:
        return mini_architecture(config.scratch[0])
    found = architecture_of(config.base)
    if found is None:
        raise StageError(
            f"base: the sizes of {config.base} are unknown here: give a folder with its config.json, or add "
            "the model to training/plan/architectures.toml"
        )
    return found


def _gb(parts: dict[str, float]) -> dict[str, float]:
    return {name: size / 1e9 for name, size in parts.items()}


def _hours(steps: int, step_s: dict[str, float]) -> float:
    return steps * sum(step_s.values()) / 3600

"""The models of a run, each loaded once and only when it is asked for."""

import json
import struct
from functools import partial
from pathlib import Path

from service.domain.chat import Sampling
from training.config import EndpointConfig
from training.evaluate.critics import ModelReviewer
from training.evaluate.remembering import RememberingWriter
from training.evaluate.rows import MAIN
from training.run import Run
from training.weights.places import Weights
from training.writing.generation import Writer
from training.writing.writers import writer_of

BASE, SFT, CTRL = "base", "critic", "critic-rl"


class Cast:
    """Writers by role and size; `MAIN` is the run's own model. Roles are the run's folders of weights.

    The roles of the run's own model may be at endpoints instead.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._writers: dict[tuple[str, str], Writer] = {}
        tokens, engines = run.config.evaluate.max_critique_tokens, run.config.engines
        self.paper = Sampling(temperature=0.7, top_p=0.8, max_tokens=tokens)
        """How the paper samples critiques (C.4)."""
        self.greedy = Sampling(temperature=0.0, max_tokens=tokens)
        served = {BASE: engines.generator, SFT: engines.sft, CTRL: engines.critic}
        self._endpoints = {role: endpoint for role, endpoint in served.items() if endpoint is not None}

    def weights(self, role: str, size: str = MAIN) -> Weights:
        """Weights of a role that is at no endpoint; raises `StageError` where they are missing."""
        if (role, size) == (BASE, MAIN):
            return self._run.base()
        return Weights(str(self._run.made(_folder(role, size))))

    def endpoint(self, role: str, size: str = MAIN) -> EndpointConfig | None:
        """Who serves a role, if it is served."""
        return self._endpoints.get(role) if size == MAIN else None

    def stamp(self) -> str:
        """Which weights these are, by size and age of their files: others need another evaluation."""
        folders = [self._run.file(role) for role in (BASE, SFT, CTRL)]
        folders += [self._run.file(role) for role in self.other_seeds().values()]
        folders += [
            self._run.file(_folder(role, size))
            for size in self._run.config.sizes
            for role in (BASE, SFT, CTRL)
        ]
        files = [path for folder in folders for path in sorted(folder.glob("*.safetensors"))]
        local = [f"{f} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files]
        served = [f"{role} {one.model} at {one.base_url}" for role, one in self._endpoints.items()]
        return "\n".join(local + served)

    def sizes(self, role: str) -> list[str]:
        """The sizes whose weights of a role are here, the smallest model first."""
        counted = {size: self.parameters(role, size) for size in (MAIN, *self._run.config.sizes)}
        return sorted((size for size in counted if counted[size]), key=counted.__getitem__)

    def parameters(self, role: str, size: str = MAIN) -> int:
        """How many numbers its weights hold; 0 where they are not on this machine."""
        if self.endpoint(role, size) is not None or not (
            (role, size) == (BASE, MAIN) or self._run.file(_folder(role, size)).is_dir()
        ):
            return 0
        folder = self.weights(role, size).cached()
        return 0 if folder is None else parameters(folder)

    def other_seeds(self) -> dict[int, str]:
        """Roles of the critics that reinforcement made under the other seeds."""
        roles = {seed: f"grpo/seed-{seed}/critic" for seed in self._run.config.grpo.seeds[1:]}
        return {seed: role for seed, role in roles.items() if self._run.file(role).is_dir()}

    def writer(self, role: str, size: str = MAIN) -> Writer:
        """A model that writes."""
        if (role, size) not in self._writers:
            journal = self._run.unfinished("evaluate") / f"completions-{role}.jsonl"
            writer = writer_of(self.endpoint(role, size), partial(self.weights, role, size), journal)
            self._writers[role, size] = RememberingWriter(writer)
        return self._writers[role, size]

    def critic(
        self, role: str, size: str = MAIN, *, sampling: Sampling | None = None, hinted: bool = False
    ) -> ModelReviewer:
        """A model that reviews, by default as the paper samples."""
        return ModelReviewer(self.writer(role, size), sampling or self.paper, hinted)


def _folder(role: str, size: str) -> str:
    return role if size == MAIN else f"sizes/{size}/{role}"


def parameters(folder: Path) -> int:
    """How many numbers a checkpoint's safetensors hold, read from their headers alone."""
    return sum(map(_numbers, sorted(folder.glob("*.safetensors"))))


def _numbers(path: Path) -> int:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for dimension in tensor["shape"]:
                size *= dimension
            total += size
    return total

"""Greedy completions written once: reviewers often agree, and a candidate may come back unchanged."""

from collections.abc import Sequence

from service.domain.chat import Completion, Message, Sampling
from training.writing.generation import Writer


class RememberingWriter:
    """Asks another writer for all sampled completions, but only for greedy ones that it has not seen."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._greedy: dict[tuple[Message, ...], Completion] = {}

    def write(self, prompts: Sequence[list[Message]], sampling: Sampling, label: str) -> list[Completion]:
        """Return one completion a prompt."""
        if sampling.temperature != 0:
            return self._writer.write(prompts, sampling, label)
        keys = [tuple(prompt) for prompt in prompts]
        new = [key for key in dict.fromkeys(keys) if key not in self._greedy]
        if new:
            written = self._writer.write([list(key) for key in new], sampling, label)
            self._greedy.update(zip(new, written, strict=True))
        return [self._greedy[key] for key in keys]

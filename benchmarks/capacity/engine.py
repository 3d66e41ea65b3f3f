"""A server that writes many completions at once, as vLLM does.

A step gives every running sequence one token. It takes `step_s` for reading the weights, and `sequence_s` for
each sequence: its arithmetic, and its keys and values. Prompts are read between steps, `prompt_token_s` for
each token that no cache has; sequences wait in order while the cache of keys and values, or the number of
sequences, is at its bound. Not covered: speculative decoding, preemption, a cache that has to forget.
"""

import math
from dataclasses import dataclass

from benchmarks.capacity.queues import wait_s
from benchmarks.capacity.workload import Call


@dataclass(frozen=True, slots=True)
class Engine:
    """One replica of a model."""

    name: str
    gpus: int
    """That it takes, 0 where it runs on a CPU."""
    step_s: float
    sequence_s: float
    prompt_token_s: float
    cache_tokens: float
    max_sequences: int
    source: str
    """Where the figures come from."""

    def sequences(self, call: Call) -> int:
        """How many such calls run at once at most."""
        return max(1, min(self.max_sequences, int(self.cache_tokens // call.held)))

    def step_with(self, running: float) -> float:
        """Seconds of a step with so many sequences."""
        return self.step_s + self.sequence_s * running

    def tokens_per_s(self, running: float) -> float:
        """Tokens a second that all running sequences get together while no prompt is read."""
        return running / self.step_with(running)

    def busy_s(self, call: Call, running: float) -> float:
        """Seconds of the replica that one call takes among so many."""
        return call.read * self.prompt_token_s + call.completion / self.tokens_per_s(running)

    def rate(self, call: Call) -> float:
        """Calls a second that it carries at most."""
        return 1 / self.busy_s(call, self.sequences(call))

    def running(self, call: Call, rate: float) -> float:
        """Return the mean number of calls at work at `rate` a second.

        Little's law on a server shared by what it runs: with W the reading of a prompt and L tokens to write,
        n = rate L (step_s + sequence_s n) / (1 - rate W). Prompts are read one after another, as in M/D/1.
        What waits for a place is not in it.
        """
        reading_s = call.read * self.prompt_token_s
        left = 1 - rate * (reading_s + call.completion * self.sequence_s)
        if left <= 0:
            return math.inf
        read = rate * (reading_s + wait_s(1, rate, reading_s))
        return read + rate * call.completion * self.step_s / left

    def call_s(self, call: Call, rate: float) -> float:
        """Return the mean seconds of a call."""
        return self.running(call, rate) / rate

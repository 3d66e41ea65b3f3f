"""Keys and values: of one sequence while it is written, and of prompts' beginnings for those that follow.

A prompt is computed in blocks of `BLOCK` positions, each always as a product of `BLOCK` rows, whatever came
from the cache and whatever else is in flight. A matrix product may round differently with another
shape; with the shape fixed, a token's numbers depend on the tokens before it and on nothing else.
For the same reason only whole blocks of prompts are kept: what was computed while writing has other shapes.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from service.adapters.embedded.checkpoint import Architecture
from service.adapters.embedded.weights import Floats

BLOCK = 32


class KeyValues:
    """Keys and values of one sequence, (layer, key-value head, position, head dimension)."""

    __slots__ = ("keys", "length", "values")

    def __init__(self, architecture: Architecture, capacity: int) -> None:
        a = architecture
        rounded = -(-capacity // BLOCK) * BLOCK
        shape = (a.num_hidden_layers, a.num_key_value_heads, rounded, a.head_dim)
        self.keys: Floats = np.empty(shape, dtype=np.float32)
        self.values: Floats = np.empty(shape, dtype=np.float32)
        self.length = 0


@dataclass(frozen=True, slots=True)
class _Block:
    keys: Floats
    values: Floats


@dataclass(slots=True)
class PrefixCache:
    """Blocks of prompts, by all the tokens up to their end; the least recently used go first."""

    max_blocks: int
    _blocks: OrderedDict[tuple[int, ...], _Block] = field(default_factory=OrderedDict)

    def restore(self, tokens: Sequence[int], into: KeyValues) -> int:
        """Copy in the blocks that `tokens` begin with; return how many positions that made.

        The last token is always left to compute: its logits start the completion.
        """
        found: list[tuple[int, ...]] = []
        for end in range(BLOCK, len(tokens), BLOCK):
            if (key := tuple(tokens[:end])) not in self._blocks:
                break
            found.append(key)
        for index, key in enumerate(found):
            start, end = index * BLOCK, (index + 1) * BLOCK
            into.keys[:, :, start:end] = self._blocks[key].keys
            into.values[:, :, start:end] = self._blocks[key].values
        # A beginning outlives its continuations: without it they cannot be reached.
        for key in reversed(found):
            self._blocks.move_to_end(key)
        into.length = len(found) * BLOCK
        return into.length

    def store(self, tokens: Sequence[int], end: int, source: KeyValues) -> None:
        """Keep the block of `source` that ends at `end`."""
        key = tuple(tokens[:end])
        if self.max_blocks < 1 or key in self._blocks:
            return
        kept = slice(end - BLOCK, end)
        self._blocks[key] = _Block(source.keys[:, :, kept].copy(), source.values[:, :, kept].copy())
        if len(self._blocks) > self.max_blocks:
            self._blocks.popitem(last=False)


def blocks_within(budget_bytes: int, architecture: Architecture) -> int:
    """Return how many blocks fit into a number of bytes."""
    a = architecture
    block_bytes = 2 * 4 * a.num_hidden_layers * a.num_key_value_heads * BLOCK * a.head_dim
    return budget_bytes // block_bytes

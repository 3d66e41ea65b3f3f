"""The forward pass of a llama model, in numpy.

Not covered: anything `Architecture` refuses (biases, scaled rotary embedding, other activations).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.adapters.embedded.cache import BLOCK, KeyValues
from service.adapters.embedded.checkpoint import Architecture
from service.adapters.embedded.weights import Floats, Layer, Weights

_FUTURE: Floats = np.triu(np.full((BLOCK, BLOCK), -np.inf, dtype=np.float32), k=1)
"""Added to a block's scores of itself: a position does not see those after it."""


class Transformer:
    """Turns tokens into logits. It keeps no state between calls: that is in each caller's `KeyValues`."""

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        a = architecture
        self._heads, self._groups, self._width = a.num_attention_heads, a.num_key_value_heads, a.head_dim
        self._epsilon = np.float32(a.rms_norm_eps)
        self._weights = weights
        self._turns = _rotary_turns(a)
        self.architecture = architecture

    def prefill(self, tokens: Sequence[int], cache: KeyValues) -> Floats:
        """Compute a prompt's next block, `BLOCK` tokens or its last few; return the last one's hidden state.

        Rows that pad the block leave keys and values behind, which decoding overwrites before it looks.
        """
        padded = np.zeros(BLOCK, dtype=np.intp)
        padded[: len(tokens)] = tokens
        x = self._weights.embeddings[padded]
        turns = self._turns[cache.length : cache.length + BLOCK, None]
        for index, layer in enumerate(self._weights.layers):
            rows = self._projected(layer, x, turns)
            x += self._attend_block(rows, index, cache) @ layer.attention_out
            x += self._fed_forward(layer, x)
        cache.length += len(tokens)
        last: Floats = x[len(tokens) - 1]
        return last

    def decode(self, tokens: Sequence[int], caches: Sequence[KeyValues]) -> Floats:
        """Append one token to each sequence; return the next token's logits, a row a sequence.

        The rows stay apart, (sequence, 1, features), so that each is its own matrix-vector product and
        comes out the same however many there are.
        """
        x = self._weights.embeddings[np.asarray(tokens)][:, None]
        turns = self._turns[[cache.length for cache in caches]][:, None, None]
        attended = np.empty((len(caches), 1, self._heads * self._width), dtype=np.float32)
        for index, layer in enumerate(self._weights.layers):
            rows = self._projected(layer, x, turns)
            for row, cache, out in zip(rows[:, 0], caches, attended, strict=True):
                self._attend(row, index, cache, out)
            x += attended @ layer.attention_out
            x += self._fed_forward(layer, x)
        for cache in caches:
            cache.length += 1
        return self.logits(x)[:, 0]

    def logits(self, hidden: Floats) -> Floats:
        """Return the scores of every token of the vocabulary."""
        return self._normed(hidden) @ self._weights.head

    def _normed(self, x: Floats) -> Floats:
        mean_square = np.vecdot(x, x) / np.float32(x.shape[-1])
        normed: Floats = x / np.sqrt(mean_square + self._epsilon)[..., None]
        return normed

    def _projected(self, layer: Layer, x: Floats, turns: NDArray[np.complex64]) -> Floats:
        """Return rotated queries, rotated keys, and values: (…, heads + 2 groups, head dimension)."""
        rows = self._normed(x) @ layer.queries_keys_values
        rows = rows.reshape(*x.shape[:-1], self._heads + 2 * self._groups, self._width)
        turned = rows.view(np.complex64)[..., : self._heads + self._groups, :]
        turned *= turns
        return rows

    def _attend(self, row: Floats, index: int, cache: KeyValues, out: Floats) -> None:
        """One position's attention; its key and value join the cache."""
        heads, groups, end = self._heads, self._groups, cache.length + 1
        keys, values = cache.keys[index], cache.values[index]
        keys[:, end - 1] = row[heads : heads + groups]
        values[:, end - 1] = row[heads + groups :]
        scores = row[:heads].reshape(groups, -1, self._width) @ keys[:, :end].transpose(0, 2, 1)
        out[0] = _weighted(scores, values[:, :end]).reshape(-1)

    def _attend_block(self, rows: Floats, index: int, cache: KeyValues) -> Floats:
        """Attention of a block's positions to themselves and to all before the block."""
        heads, groups, start, end = self._heads, self._groups, cache.length, cache.length + BLOCK
        cache.keys[index, :, start:end] = rows[:, heads : heads + groups].swapaxes(0, 1)
        cache.values[index, :, start:end] = rows[:, heads + groups :].swapaxes(0, 1)
        queries = rows[:, :heads].swapaxes(0, 1).reshape(groups, -1, self._width)
        scores = queries @ cache.keys[index, :, :end].transpose(0, 2, 1)
        scores.reshape(heads, BLOCK, end)[..., start:] += _FUTURE
        mixed = _weighted(scores, cache.values[index, :, :end])
        return mixed.reshape(heads, BLOCK, self._width).swapaxes(0, 1).reshape(BLOCK, -1)

    def _fed_forward(self, layer: Layer, x: Floats) -> Floats:
        """SwiGLU."""
        both = self._normed(x) @ layer.gate_up
        half = both.shape[-1] // 2
        gate, up = both[..., :half], both[..., half:]
        sigmoid = np.negative(gate)
        # exp overflows to infinity where the sigmoid is zero, which is what 1 / (1 + inf) makes of it.
        with np.errstate(over="ignore"):
            np.exp(sigmoid, out=sigmoid)
        sigmoid += 1
        np.divide(gate, sigmoid, out=sigmoid)
        sigmoid *= up
        down: Floats = sigmoid @ layer.down
        return down


def _weighted(scores: Floats, values: Floats) -> Floats:
    """Softmax of the scores, applied to the values; overwrites the scores."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    mixed = scores @ values
    mixed /= scores.sum(axis=-1, keepdims=True)
    return mixed


def _rotary_turns(a: Architecture) -> NDArray[np.complex64]:
    """Return the rotation of each pair at each position, as unit complex numbers."""
    positions = np.arange(-(-a.max_position_embeddings // BLOCK) * BLOCK)
    frequencies = a.theta ** (-np.arange(0, a.head_dim, 2) / a.head_dim)
    turns: NDArray[np.complex64] = np.exp(1j * np.outer(positions, frequencies)).astype(np.complex64)
    return turns

"""A cache of keys and values with room to grow."""

from typing import Any

import torch
from transformers import DynamicCache, PreTrainedConfig
from transformers.cache_utils import DynamicLayer

_ROOM = 64
"""Positions made at a time."""


class _RoomyLayer(DynamicLayer):
    """Appends in place: transformers' own layer copies all keys and values for every token.

    `keys` and `values` are views of what is filled, [rows, heads, positions, width].
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._rooms: tuple[torch.Tensor, ...] = ()

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: Any, **_kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        new = key_states, value_states
        if not self.is_initialized:
            self.lazy_initialization(*new)
            self._rooms = tuple(states[:, :, :0] for states in new)
        filled = self.get_seq_length()
        end = filled + key_states.shape[-2]
        if end > self._rooms[0].shape[-2]:
            self._rooms = tuple(_grown(room, filled, end + _ROOM) for room in self._rooms)
        for room, states in zip(self._rooms, new, strict=True):
            room[:, :, filled:end] = states
        return self._shown(end)

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        end = self.get_seq_length()
        self._rooms = tuple(room[indices] for room in self._rooms)
        self._shown(end)

    def _shown(self, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = (room[:, :, :end] for room in self._rooms)
        self.keys, self.values = keys, values
        return keys, values


def _grown(room: torch.Tensor, filled: int, size: int) -> torch.Tensor:
    rows, heads, _, width = room.shape
    grown = room.new_empty(rows, heads, size, width)
    grown[:, :, :filled] = room[:, :, :filled]
    return grown


def roomy_cache(config: PreTrainedConfig) -> DynamicCache:
    """An empty cache for a model; layers that keep less than everything are transformers' own."""
    cache = DynamicCache(config=config)
    cache.layers = [_RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache

"""What the tests seed `random` with, and numpy's: the program draws from generators of its own."""

import random
import sys
from collections.abc import Callable
from typing import Any

_SEEDS = (None, int, float, str, bytes)


class TestsSeeds:
    """Notes each seeding until it is told."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        self._noted: dict[str, object] = {}
        self._watch(random, "random")
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            self._watch(numpy.random, "numpy.random")

    def taken(self) -> dict[str, object]:
        noted, self._noted = self._noted, {}
        return noted

    def _watch(self, module: Any, name: str) -> None:
        seed: Callable[..., None] = getattr(module.seed, "unwatched", module.seed)

        def watched(a: object = None, *args: Any, **kwargs: Any) -> None:
            seed(a, *args, **kwargs)
            if a is None or type(a) in _SEEDS:
                self._noted[name] = a

        watched.unwatched = seed  # type: ignore[attr-defined]
        module.seed = watched

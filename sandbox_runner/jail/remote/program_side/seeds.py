"""What the tests seeded `random` with, and numpy's: the program's generators are seeded so, too."""

import sys
from typing import Any


def sow(noted: dict[str, Any]) -> None:
    """Seed those generators that are here."""
    for name, seed in noted.items():
        module = sys.modules.get(name)
        if module is not None:
            module.seed(seed)

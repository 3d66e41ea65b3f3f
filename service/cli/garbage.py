"""Python's cyclic garbage collector, as a server wants it."""

import gc

# Python's own (700, 10, 10) look for cycles so often that it was a fifth of a loaded gateway's CPU time.
THRESHOLDS = (50_000, 10, 10)


def settle() -> None:
    """Call it once all is loaded: what is there now stays, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

"""How long a problem is, in tokens of the generator or in words."""

from collections.abc import Callable
from pathlib import Path

from training.run import StageError

Length = Callable[[str], int]


def length_by(tokenizer: Path | None) -> Length:
    """Count with a `tokenizer.json`, or words without one. Raises `StageError` if it cannot be read."""
    if tokenizer is None:
        return lambda text: len(text.split())
    # Not needed by a run of the mini world.
    from tokenizers import Tokenizer  # noqa: PLC0415

    path = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    if not path.is_file():
        raise StageError(f"{path} is missing: tasks.tokenizer must name a tokenizer.json or its folder")
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - the library raises nothing narrower
        raise StageError(f"{path}: not a tokenizer: {error}") from None
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)

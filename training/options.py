"""What a person may choose at the command line, beside the configuration."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`sandbox_url` None starts a sandbox for the run; `weights` is where `export` puts the models.

    `docs` is where `report` puts its page and pictures.
    """

    sandbox_url: str | None = None
    weights: Path = Path("weights/mini")
    docs: Path = Path("docs")

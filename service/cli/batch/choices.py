"""What `ctrl batch` lets choose; light, so that `--help` answers at once."""

from enum import StrEnum


class Engine(StrEnum):
    """What the work is spread over."""

    LOCAL = "local"
    RAY = "ray"


class Format(StrEnum):
    """How a folder's results are written."""

    JSONL = "jsonl"
    PARQUET = "parquet"

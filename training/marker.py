"""What a finished stage writes down of itself."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from training.whole import write_whole


def _new_mark() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Marker:
    """That a stage has finished: in how many seconds, under which configuration, on what."""

    stage: str
    seconds: float
    config_sha256: str
    reads: Mapping[str, str] = field(default_factory=dict)
    """The mark of each stage that it read, as far as that had one."""
    mark: str | None = field(default_factory=_new_mark)
    """Another one each time a stage finishes; None in files that are older than marks."""

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The marker in a file; None where there is none."""
        if not path.is_file():
            return None
        record = json.loads(path.read_text(encoding="utf-8"))
        older: dict[str, Any] = {"reads": {}, "mark": None}
        known = {name: value for name, value in record.items() if name in cls.__slots__}
        return cls(**(older | known))

    def write(self, path: Path, config: Mapping[str, object]) -> None:
        """Write the marker and, for people, the whole configuration."""
        write_whole(path, json.dumps(asdict(self) | {"config": config}, indent=1))

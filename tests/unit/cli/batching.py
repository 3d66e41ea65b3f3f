"""A batch as its tests set it up: its files, a gateway that gets everything right, and the command."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from service.cli.commands import app
from tests.fakes import CORRECT, FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, World

Json = dict[str, Any]


@dataclass
class Files:
    """The files of a batch."""

    source: Path
    out: Path

    @property
    def failures(self) -> Path:
        return self.out.with_name("out.failures.jsonl")

    def write(self, *rows: Json | str) -> None:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        self.source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def read(self) -> list[Json]:
        return rows_of(self.out)


def rows_of(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def right_world(**changes: Any) -> World:
    """Build a world whose every draft is right."""
    generator = changes.pop("generator", ScriptedGenerator([RIGHT]))
    return World(generator=generator, critic=FakeChatModel([CORRECT]), **changes)


def batch(files: Files, url: str, *options: str) -> tuple[int, Json, str]:
    arguments = ["batch", str(files.source), str(files.out), "--url", url, "--json", *options]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


def asks(count: int) -> list[Json]:
    return [{"id": number, "problem": f"Add {number}."} for number in range(count)]

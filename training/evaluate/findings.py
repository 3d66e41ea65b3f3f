"""Everything an evaluation found: what `evaluation.json` holds."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from service.domain.estimate import Estimate
from training.evaluate.gates import Gate
from training.evaluate.group import Group, group_from_json
from training.evaluate.rows import MAIN
from training.whole import write_whole

TEST = "test"
UNSTOPPED = "unstopped"
PAIRS = "pairs"


def generator_group(size: str) -> str:
    """Name of the group of trials on the drafts of a size."""
    return f"generator-{size}"


@dataclass(frozen=True, slots=True)
class Findings:
    """Groups of trials by name, and what belongs to no trial."""

    groups: Mapping[str, Group]
    gates: tuple[Gate, ...]
    pairs: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Votes and scores of the critics as reward models, by kind of pair and row."""
    parameters: Mapping[str, int]
    """By size."""
    seconds: Mapping[str, float]
    """Wall clock of each part."""

    @property
    def sizes(self) -> dict[str, Group]:
        """Groups of trials on the drafts of each size, the smallest first."""
        by_size = {size: self.groups.get(generator_group(size)) for size in self.parameters_in_order}
        return {size: group for size, group in by_size.items() if group is not None}

    @property
    def elsewhere(self) -> dict[str, Group]:
        """Groups of trials on problems away from home."""
        home = {TEST, UNSTOPPED, *map(generator_group, self.parameters), generator_group(MAIN)}
        return {name: group for name, group in self.groups.items() if name not in home}

    @property
    def parameters_in_order(self) -> list[str]:
        """The sizes, the smallest first."""
        return sorted(self.parameters, key=self.parameters.__getitem__)

    def write(self, path: Path) -> None:
        """Write all or nothing."""
        record = {
            "parameters": dict(self.parameters),
            "gates": [asdict(gate) | {"holds": gate.holds} for gate in self.gates],
            "groups": {name: group.to_json() for name, group in self.groups.items()},
            "pairs": {kind: dict(records) for kind, records in self.pairs.items()},
            "seconds": dict(self.seconds),
        }
        write_whole(path, json.dumps(record, separators=(",", ":"), ensure_ascii=False))


def read_findings(path: Path) -> Findings:
    """Read what `Findings.write` wrote."""
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Findings(
        groups={name: group_from_json(group) for name, group in record["groups"].items()},
        gates=tuple(gate_from_json(gate) for gate in record["gates"]),
        pairs=record["pairs"],
        parameters=record["parameters"],
        seconds=record["seconds"],
    )


def gate_from_json(record: Mapping[str, Any]) -> Gate:
    """Read a gate as it is written down."""
    return Gate(record["name"], Estimate(**record["figure"]), record["least"], record["most"])

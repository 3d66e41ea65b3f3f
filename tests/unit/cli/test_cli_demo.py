"""What the demo counts."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from service.cli.demo import Tried, read_problems, summary
from service.cli.exits import StackError


def _shown(tried: list[Tried]) -> str:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(summary(tried))
    return capture.get()


def test_a_problem_counts_for_every_round_from_the_one_that_solved_it() -> None:
    shown = _shown(
        [
            Tried((True,), selected=0, tokens=1000, seconds=1.0),
            Tried((False, False, True), selected=2, tokens=200, seconds=0.25),
            Tried((True, False), selected=1, tokens=30, seconds=0.25),
            Tried((False, False, False, False), selected=3, tokens=4, seconds=0.0),
        ]
    )

    rows = [[cell.strip() for cell in line.split("│")[1:3]] for line in shown.splitlines() if "│" in line]
    assert rows == [
        ["solved by the draft", "2"],
        ["solved after 1 revision", "1"],
        ["solved after 2 revisions", "2"],
        ["solved after 3 revisions", "2"],
        ["wrong → right", "1"],
        ["right → wrong", "1"],
        ["tokens", "1,234"],
        ["seconds", "1.5"],
    ]


def test_problems_are_read_up_to_the_number_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "demo.jsonl"
    problems = [{"id": number, "problem": "one line\u2028and the same one"} for number in range(5)]
    lines = [json.dumps(problem, ensure_ascii=False) for problem in problems]
    path.write_text("\ufeff" + "\n\n".join(lines), encoding="utf-8")

    assert read_problems(path, 3) == problems[:3]


def test_problems_that_are_not_there_are_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make train-mini"):
        read_problems(tmp_path / "none.jsonl", 3)

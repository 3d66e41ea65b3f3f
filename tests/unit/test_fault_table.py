"""The table of hostile cases in `docs/faults.md` names tests that exist."""

import re
from pathlib import Path

TABLE = Path("docs/faults.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")


def test_every_case_has_a_row_with_a_proof() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", TABLE, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 25))
    assert all(NAMED.search(row) for _, row in rows)


def test_every_proof_is_there() -> None:
    named = NAMED.findall(TABLE)

    assert len(named) > 60
    for path, test in named:
        text = Path(path).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in text, f"{path}::{test}"

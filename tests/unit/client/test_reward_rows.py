"""What a row of a trainer's data set says of its tests."""

import pytest

from service.rewards.rows import truth_of

TESTS = [{"args": [1], "expected": 2}]
THEIRS = {"inputs": ["1"], "outputs": ["2"], "fn_name": "f"}


@pytest.mark.parametrize(
    ("row", "usual"),
    [
        ({"tests": TESTS, "entry_point": "f"}, False),
        ({"tests": TESTS, "entry_point": "f", "usual_imports": True}, True),
        ({"tests": TESTS, "ground_truth": THEIRS}, False),
        ({"tests": None, "ground_truth": THEIRS}, True),
    ],
)
def test_a_column_of_tests_brings_its_imports_with_it(row: dict[str, object], usual: bool) -> None:
    assert truth_of(row, "ground_truth").usual_imports is usual

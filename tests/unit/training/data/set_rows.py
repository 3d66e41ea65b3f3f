"""Rows of the real sets' shapes, with problems of our own."""

import json
from pathlib import Path

STATEMENT = """\
A lamp stands at every metre of a straight road, and the lamps are numbered from one. In the evening the
keeper walks along the road and lights some of them; in the morning he wants to know how far he has to walk
to put them all out again, starting at the first lamp that is lit and ending at the last one. Tell him the
distance in metres. When a single lamp is lit he does not walk at all, so that the distance is zero.

Input

The first line has the number of lit lamps, the second one their numbers in rising order, with blanks between.

Output

Print one number, the distance that the keeper walks.

Examples

Input

3
2 5 9

Output

7

Input

1
4

Output

0
"""

FUNCTION_STATEMENT = """\
A gardener plants tulips in a row and writes down the colour of each one as a word. Her neighbour is fond of
rows in which no two tulips that stand side by side have the same colour, and calls such a row merry. Write a
function that takes the list of colours and tells how many tulips must be pulled out, at the least, for the
row to become merry. Pulling out a tulip brings its two neighbours together, and they may then clash as well.
"""


def taco_row(**changes: object) -> dict[str, object]:
    tests = {
        "inputs": ["3\n2 5 9\n", "1\n4\n", "2\n1 8\n", "2\n3 4\n"],
        "outputs": ["7\n", "0\n", "7\n", "1\n"],
    }
    row: dict[str, object] = {
        "question": STATEMENT,
        "solutions": json.dumps(["n = input()\na = input().split()\nprint(int(a[-1]) - int(a[0]))"]),
        "starter_code": "",
        "input_output": json.dumps(tests),
        "difficulty": "MEDIUM_HARD",
        "name": None,
        "source": "codeforces",
        "time_limit": "2.0 seconds",
        "memory_limit": "256.0 megabytes",
    }
    return row | changes


def taco_tests(**tests: object) -> dict[str, object]:
    return taco_row(input_output=json.dumps(tests))


def taco_function_row(inputs: list[object], outputs: list[object], **changes: object) -> dict[str, object]:
    tests = {"fn_name": "pulled_out", "inputs": inputs, "outputs": outputs}
    return taco_row(question=FUNCTION_STATEMENT, input_output=json.dumps(tests), time_limit=None) | changes


def code_contests_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "name": "1700_A. Lamps",
        "description": STATEMENT,
        "public_tests": {"input": ["3\n2 5 9\n"], "output": ["7\n"]},
        "private_tests": {"input": ["1\n4\n"], "output": ["0\n"]},
        "generated_tests": {"input": ["2\n1 8\n", "2\n3 4\n"], "output": ["7\n", "1\n"]},
        "source": 2,
        "difficulty": 8,
        "solutions": {"language": [2, 3], "solution": ["int main() {}", "print(7)"]},
        "time_limit": {"seconds": 1, "nanos": 500_000_000},
    }
    return row | changes


def write_rows(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path

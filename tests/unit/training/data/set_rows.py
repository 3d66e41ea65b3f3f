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
        "incorrect_solutions": {"language": [1], "solution": ["print 6"]},
        "time_limit": {"seconds": 1, "nanos": 500_000_000},
        "memory_limit_bytes": 256_000_000,
        "input_file": "",
        "output_file": "",
    }
    return row | changes


def write_rows(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def live_code_bench_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "question_title": "Lamps",
        "question_content": STATEMENT,
        "platform": "atcoder",
        "question_id": "abc370_x",
        "contest_id": "abc370",
        "contest_date": "2024-09-07T00:00:00",
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": stdin_tests(("3\n2 5 9\n", "7\n")),
        "private_test_cases": stdin_tests(("1\n4\n", "0\n"), ("2\n1 8\n", "7\n")),
        "metadata": "{}",
    }
    return row | changes


def stdin_tests(*pairs: tuple[str, str]) -> str:
    return json.dumps([{"input": given, "output": out, "testtype": "stdin"} for given, out in pairs])


def calls(*pairs: tuple[str, str]) -> str:
    return json.dumps([{"input": given, "output": out, "testtype": "functional"} for given, out in pairs])


PLUS = """\
import numpy as np

def is_floats(x) -> bool:
    return isinstance(x, float)

def assertion(out, exp, atol):
    exact_match = out == exp
    assert exact_match

inputs = [[['red', 'red']], [[]], [['red', 'blue']]]
results = [1, 0, 0]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion(pulled_out(*inp), exp, 0)
"""


def mbpp_plus_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "task_id": 901,
        "code": "def pulled_out(row):\n    return sum(a == b for a, b in zip(row, row[1:]))",
        "prompt": "Write a function to find how many tulips must be pulled out for a row to be merry.",
        "source_file": "tulips.py",
        "test_imports": [],
        "test_list": ["assert pulled_out(['red', 'red', 'blue']) == 1", "assert pulled_out(['blue']) == 0"],
        "test": PLUS,
    }
    return row | changes

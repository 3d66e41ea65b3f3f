"""Which tests are public: those that the statement shows, or the first two where it shows none."""

import json
import re
from collections.abc import Sequence

from service.domain.task import AssertTest, CallTest, StdinTest, Test

PUBLIC_TESTS = 2
_LABEL_WORDS = 8
"""Words that may stand between an example's input and its output, such as "Sample Output 1:"."""


def split_public(
    problem: str, entry_point: str | None, tests: Sequence[Test]
) -> tuple[tuple[Test, ...], tuple[Test, ...]]:
    """Public and hidden tests of a set that does not tell them apart."""
    text, solid = " ".join(problem.split()), "".join(problem.split())
    shown = [_is_shown(text, solid, entry_point, test) for test in tests]
    if not any(shown):
        shown = [number < PUBLIC_TESTS for number in range(len(tests))]
    pairs = list(zip(tests, shown, strict=True))
    return tuple(test for test, seen in pairs if seen), tuple(test for test, seen in pairs if not seen)


def as_assert(entry_point: str, test: Test) -> str:
    """A function's test as the line of Python that says the same."""
    match test:
        case AssertTest():
            return test.source
        case CallTest():
            args = [repr(value) for value in test.args]
            args += [f"{name}={value!r}" for name, value in test.kwargs.items()]
            return f"assert {entry_point}({', '.join(args)}) == {test.expected!r}"
        case StdinTest():
            raise TypeError("a stdin test calls no function")


def with_example(problem: str, entry_point: str, test: Test) -> str:
    """The statement with a test as its example, unless it already shows how the function is called."""
    if f"{entry_point}(" in problem:
        return problem
    return f"{problem}\n\nYour program must pass this test:\n```python\n{as_assert(entry_point, test)}\n```"


def _is_shown(text: str, solid: str, entry_point: str | None, test: Test) -> bool:
    if isinstance(test, StdinTest):
        return _shows_output(text, " ".join(test.stdin.split()), " ".join(test.stdout.split()))
    if not isinstance(test, CallTest) or entry_point is None:
        return False
    spelt = (", ".join(map(write, test.args)) for write in (repr, json.dumps))
    return any("".join(f"{entry_point}({args})".split()) in solid for args in spelt)


def _shows_output(text: str, stdin: str, stdout: str) -> bool:
    """Look for the input, a few words of label, and the output; all with single blanks."""
    if not stdin or not stdout or stdin not in text or stdout not in text:
        return False
    between = rf"\s(?:\S+\s){{0,{_LABEL_WORDS}}}?"
    return re.search(rf"(?<!\S){re.escape(stdin)}{between}{re.escape(stdout)}(?!\S)", text) is not None

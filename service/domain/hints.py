"""What the tests did, in a few constant words: the hint a critic may be given (CTRL Table 7)."""

import json
import re
from collections.abc import Callable, Sequence

from service.domain.task import AssertTest, StdinTest, Task, Test
from service.domain.verdict import Outcome, TestRun, Verdict

# A critic is trained on these words: changing one changes what a trained critic understands.
PASSES = "The program passes every test."
FAILS_ONE = "The program fails a test."
FAILS_ALL = "The program fails every test. Start afresh."
STOPS = "The program stops with an error."
DOES_NOT_COMPILE = "The program does not compile."
TOO_SLOW = "The program is too slow on a test."
TOO_MUCH_MEMORY = "The program uses too much memory on a test."
TOO_MUCH_OUTPUT = "The program prints too much on a test."
FORBIDDEN = "The program does what is not allowed on a test."
GIVES_NOTHING = "The program gives no result on a test."
ASSERTION_HOLDS = "the assertion holds"

LIMIT = 1000
"""Longest hint, in characters."""

Choose = Callable[[Sequence[str]], str]
"""Picks one of several true hints: training on real problems at random, all else takes the shortest."""

_ERRORS = {Outcome.RUNTIME_ERROR: STOPS, Outcome.COMPILE_ERROR: DOES_NOT_COMPILE}
_WORDS = {
    **_ERRORS,
    Outcome.WRONG_ANSWER: FAILS_ONE,
    Outcome.PRESENTATION_ERROR: FAILS_ONE,
    Outcome.TIME_LIMIT: TOO_SLOW,
    Outcome.MEMORY_LIMIT: TOO_MUCH_MEMORY,
    Outcome.OUTPUT_LIMIT: TOO_MUCH_OUTPUT,
    Outcome.FORBIDDEN_SYSCALL: FORBIDDEN,
}
_LIKE_OURS = re.compile(
    r"</?\s*hint|^[^\w\n]*(?:the program|the hint|input:|expected:|actual:)"
    r"|^[^\w\n]*(?:analysis:|improvement|overall judgment)",
    re.IGNORECASE | re.MULTILINE,
)
"""What a program may write so that a critic takes it for words of the hint, or for its own."""
_CARETS = re.compile(r"^[\s^~]*$")


def hint(task: Task, verdict: Verdict, choose: Choose | None = None) -> str:
    """Say what the tests did. An error comes first: it explains every test that it fails."""
    if verdict.accepted:
        return PASSES
    for run in verdict.runs:
        if run.outcome in _ERRORS:
            return _error(run)
    failures = _failures(task, verdict)
    if not failures:
        return _WORDS.get(verdict.outcome, GIVES_NOTHING)
    hints = {_failure(test, run, verdict) for test, run in failures}
    shortest_first = sorted(hints, key=lambda text: (len(text), text))
    return shortest_first[0] if choose is None else choose(shortest_first)


def leaks_hint(text: str) -> bool:
    """Whether a critique gives away that it was hinted, and so cannot be a training target."""
    return "hint" in text.lower()


def _failures(task: Task, verdict: Verdict) -> list[tuple[Test, TestRun]]:
    # The runs may stop at the first failure.
    tests_and_runs = zip(task.tests, verdict.runs, strict=False)
    return [(test, run) for test, run in tests_and_runs if run.outcome is not Outcome.ACCEPTED]


def _error(run: TestRun) -> str:
    message = run.message.strip() or _last_words(run.stderr)
    return f"{_ERRORS[run.outcome]}\n{_quoted(message)}".rstrip()[:LIMIT]


def _quoted(text: str) -> str:
    """Return what a program wrote as it is, or quoted where it could pass for more than that."""
    text = text[: LIMIT + 1]  # of more than fits no more is shown
    if not _LIKE_OURS.search(text):
        return text
    return json.dumps(text, ensure_ascii=False).replace("<", r"\u003c")


def _last_words(stderr: str) -> str:
    """Return the two lines that end a traceback: where, and what."""
    lines = [line.strip() for line in stderr.splitlines() if not _CARETS.match(line)]
    return "\n".join(lines[-2:])


def _failure(test: Test, run: TestRun, verdict: Verdict) -> str:
    words = _WORDS.get(run.outcome, GIVES_NOTHING)
    parts = {"Input": _input(test)}
    if words is FAILS_ONE:
        words = FAILS_ALL if _fails_all(verdict) else FAILS_ONE
        parts |= {"Expected": _expected(test), "Actual": _actual(test, run)}
    whole = _join(words, parts)
    return whole if len(whole) <= LIMIT else _join(words, {name: _clip(text) for name, text in parts.items()})


def _fails_all(verdict: Verdict) -> bool:
    """Whether all tests ran and none passed; one lone test says too little to start afresh."""
    return verdict.passed == 0 and 1 < verdict.total == len(verdict.runs)


def _input(test: Test) -> str:
    if isinstance(test, StdinTest):
        return test.stdin
    if isinstance(test, AssertTest):
        return test.source
    named = (f"{name}={value!r}" for name, value in test.kwargs.items())
    return ", ".join([*map(repr, test.args), *named])


def _expected(test: Test) -> str:
    if isinstance(test, StdinTest):
        return test.stdout
    return ASSERTION_HOLDS if isinstance(test, AssertTest) else repr(test.expected)


def _actual(test: Test, run: TestRun) -> str:
    return _quoted(run.actual or run.message if isinstance(test, AssertTest) else run.actual)


def _join(words: str, parts: dict[str, str]) -> str:
    return "\n".join([words, *(f"{name}: {text.strip()}" for name, text in parts.items())])


def _clip(text: str) -> str:
    # Three clipped parts and the words around them stay below LIMIT.
    return text if len(text) <= 300 else f"{text[:290]} …"

"""Which outputs a checker accepts, and how a checker is asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_runner import custom_checker
from sandbox_runner.domain.cases import StdinCase
from sandbox_runner.domain.checkers import CHECKERS, Checker, CheckerError, CustomChecker, parse, reading
from sandbox_runner.domain.differences import Difference
from sandbox_runner.domain.verdict import Outcome, TestResult

ACCEPTED, WRONG, PRESENTATION = Outcome.ACCEPTED, Outcome.WRONG_ANSWER, Outcome.PRESENTATION_ERROR

# Inputs on which judges in use go wrong: expected, printed, and what each of our checkers says.
PITFALLS = [
    (b"998244353", b"998244354", {"standard": WRONG, "floats": WRONG, "tokens": WRONG}),
    (b"998244353", b"998244354.0", {"floats": WRONG}),
    (b"YES", b"yes", {"standard": WRONG, "tokens": WRONG, "floats": WRONG, "case_insensitive": ACCEPTED}),
    (b"1\n2\n3", b"1", dict.fromkeys(CHECKERS, WRONG)),
    (b"1", b"1\n2\n3", dict.fromkeys(CHECKERS, WRONG)),
    (b"\nhello", b"", dict.fromkeys(CHECKERS, WRONG)),
    (b"10", b"1_0", dict.fromkeys(CHECKERS, WRONG)),
    (b"10.0", b"1_0.0", {"floats": WRONG}),
    (b"nan", b"nan", dict.fromkeys(CHECKERS, ACCEPTED)),
    (b"nan", b"NaN", {"floats": WRONG}),
    (b"1.0", b"nan", {"floats": WRONG}),
    (b"0.001", b"0.0", {"standard": WRONG, "floats": WRONG}),
    (b"1 2", b"1  2", {"tokens": ACCEPTED, "floats": ACCEPTED, "standard": PRESENTATION, "exact": WRONG}),
]


@pytest.mark.parametrize(
    ("expected", "printed", "name", "outcome"),
    [(e, p, name, outcome) for e, p, outcomes in PITFALLS for name, outcome in outcomes.items()],
)
def test_a_known_pitfall_is_none_here(expected: bytes, printed: bytes, name: str, outcome: Outcome) -> None:
    assert CHECKERS[name](expected, printed) is outcome


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        (b"0.1", b"0.10000001"),
        (b"1e6", b"1000000.5"),
        (b"-2.5", b"-2.50000000001"),
        (b"3", b"3.0"),
        (b"3", b"2.9999999"),
        (b"3.0", b"3"),
        (b"-0", b"0"),
        (b"007", b"+7"),
        (b".5", b"5e-1"),
        (b"1.", b"1.0"),
        (b"inf", b"inf"),
        (b"Case 1: 0.5\n", b"Case  1: 0.5000000001"),
        (b"1e400", b"1e400"),
        (b"9" * 5_000, b"0" + b"9" * 5_000),
        (b"9007199254740993", b"9007199254740993.0"),
        (b"1000000000000000000", b"1e18"),
        (b"3", b"2.9999999999"),
        (b"3", b"3." + b"0" * 5_000),
        (b"0", b"1e-99999999999999999999"),
    ],
)
def test_floats_accepts(expected: bytes, printed: bytes) -> None:
    assert CHECKERS["floats"](expected, printed) is ACCEPTED


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        (b"0.1", b"0.1001"),
        (b"0.1", b"-0.1"),
        (b"1", b"-1"),
        (b"3", b"3.4"),
        (b"3", b"3.6"),
        (b"9007199254740993", b"9007199254740992.0"),
        (b"-9007199254740993", b"-9007199254740992.0"),
        (b"1000000000000000003", b"1e18"),
        (b"0", b"0." + b"0" * 2_000 + b"1e2001"),
        (b"1e400", b"1e401"),
        (b"1e400", b"5"),
        (b"inf", b"1e999"),
        (b"inf", b"Infinity"),
        (b"16.0", b"0x10"),
        ("\uff11.0".encode(), b"1.0"),
        (b"1.0", "\uff11.0".encode()),
        (b"1.0", b"1.0 2.0"),
        (b"1.0", b""),
        (b"1.0", b"1.0.0"),
        (b"1.0", b"1,0"),
        (b"9" * 5_000, b"9" * 5_001),
    ],
)
def test_floats_refuses(expected: bytes, printed: bytes) -> None:
    assert CHECKERS["floats"](expected, printed) is WRONG


@pytest.mark.parametrize(
    ("asked", "expected", "printed", "outcome"),
    [
        ({"name": "floats", "abs": 0.01}, b"0.001", b"0.0", ACCEPTED),
        ({"name": "floats", "abs": 0, "rel": 0}, b"0.5", b"0.50", ACCEPTED),
        ({"name": "floats", "abs": 0, "rel": 0}, b"0.5", b"0.500000000000001", WRONG),
        ({"name": "floats", "abs": 10}, b"5", b"6", WRONG),
        ("lines", b"a\r\nb\n\n", b"a\nb", ACCEPTED),
        ("lines", b"a \nb", b"a\nb", PRESENTATION),
        ("lines", b"a\n\nb", b"a\nb", PRESENTATION),
        ("case_insensitive", b"Yes\n", b"yES", ACCEPTED),
        ("case_insensitive", b"Yes No", b"yes\nno", PRESENTATION),
        ("case_insensitive", "É".encode(), "é".encode(), WRONG),
        ("unordered", b"1 2\n3", b"3\n2 1", ACCEPTED),
        ("unordered", b"1 1 2", b"1 2 2", WRONG),
        ("unordered", b"1 1", b"1", WRONG),
        ({"name": "unordered", "by": "lines"}, b"1 2\n3", b"3\n2 1", WRONG),
        ({"name": "unordered", "by": "lines"}, b"1 2\n3\n", b"\n3\n1  2 ", ACCEPTED),
        ("sorted", b"1 2\n3", b"3\n1 2", ACCEPTED),
        ("sorted", b"1 2\n3", b"3\n2 1", WRONG),
        ("sorted", b"12", b"1 2", WRONG),
        ({"name": "sorted", "by": "tokens"}, b"1 2\n3", b"3\n2 1", ACCEPTED),
        (None, b"4\n", b"4", ACCEPTED),
        ("identical", b"4\n", b"4", WRONG),
    ],
)
def test_a_checker_that_is_asked_for_says(
    asked: object, expected: bytes, printed: bytes, outcome: Outcome
) -> None:
    checker = parse(asked)

    assert isinstance(checker, Checker)
    assert checker(expected, printed) is outcome


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ("vibes", "checker", "known: standard, identical"),
        ({"name": "vibes"}, "checker.name", "known: standard"),
        ({"abs": 1}, "checker", "an object with a name"),
        (["floats"], "checker", "an object with a name"),
        (3, "checker", "an object with a name"),
        ({"name": "exact", "abs": 1}, "checker.abs", "it has no options"),
        ({"name": "floats", "epsilon": 1}, "checker.epsilon", "its options: abs, rel"),
        ({"name": "floats", "abs": -1}, "checker.abs", "0 or more"),
        ({"name": "floats", "abs": float("nan")}, "checker.abs", "finite"),
        ({"name": "floats", "rel": float("inf")}, "checker.rel", "finite"),
        ({"name": "floats", "rel": 10**400}, "checker.rel", "finite"),
        ({"name": "floats", "rel": True}, "checker.rel", "finite"),
        ({"name": "floats", "rel": "1"}, "checker.rel", "finite"),
        ({"name": "unordered", "by": "bytes"}, "checker.by", "tokens, lines"),
        ({"name": "unordered", "by": ["tokens"]}, "checker.by", "tokens, lines"),
        ({"name": "custom"}, "checker.code", "a program"),
        ("custom", "checker.code", "a program"),
        ({"name": "custom", "code": "x", "language": "cobol"}, "checker.language", "python"),
        ({"name": "custom", "code": "x", "limits": 1}, "checker.limits", "no option of custom"),
    ],
)
def test_a_checker_that_there_is_not_names_the_field(asked: object, field: str, says: str) -> None:
    with pytest.raises(CheckerError) as caught:
        parse(asked)

    assert caught.value.field == field
    assert says in caught.value.message


_OUTPUTS = st.text(alphabet="ab1. \t\n\r", max_size=40).map(str.encode)


@given(_OUTPUTS)
def test_every_checker_accepts_the_expectation_itself(output: bytes) -> None:
    assert all(checker(output, bytes(bytearray(output))) is ACCEPTED for checker in CHECKERS.values())
    assert all(checker.compare(output, output) is ACCEPTED for checker in CHECKERS.values())


@given(_OUTPUTS, _OUTPUTS)
def test_a_stricter_checker_accepts_nothing_that_a_laxer_one_refuses(one: bytes, other: bytes) -> None:
    for stricter, laxer in [
        ("exact", "lines"),
        ("lines", "standard"),
        ("standard", "tokens"),
        ("standard", "case_insensitive"),
        ("tokens", "floats"),
        ("tokens", "unordered"),
        ("standard", "sorted"),
    ]:
        if CHECKERS[stricter](one, other) is ACCEPTED:
            assert CHECKERS[laxer](one, other) is ACCEPTED, (stricter, laxer)


@given(_OUTPUTS, _OUTPUTS)
def test_no_checker_minds_which_side_is_which(one: bytes, other: bytes) -> None:
    for name in CHECKERS.keys() - {"floats"}:
        assert CHECKERS[name](one, other) is CHECKERS[name](other, one)


@given(st.lists(st.sampled_from(["a", "b", "10", "2.5"]), max_size=12), st.randoms(use_true_random=False))
def test_unordered_accepts_every_order(words: list[str], random: Any) -> None:
    shuffled = list(words)
    random.shuffle(shuffled)

    printed = "\n".join(shuffled).encode()
    assert CHECKERS["unordered"](" ".join(words).encode(), printed) is ACCEPTED
    assert CHECKERS["sorted"]("\n".join(words).encode(), printed) is ACCEPTED


@given(st.lists(_OUTPUTS, max_size=30), st.integers(1, 20))
def test_reading_in_pieces_reads_what_reading_at_once_does(parts: list[bytes], size: int) -> None:
    output = b"".join(parts)
    whole_lines = output.removesuffix(b"\n").split(b"\n") if output else []

    assert list(reading.words(output, size)) == output.split()
    assert list(reading.lines(output, size)) == whole_lines


@pytest.mark.parametrize("name", CHECKERS)
@pytest.mark.parametrize(
    "output", [b"1" * 3_000_000 + b"x", b"1 " * 500_000, b"\n" * 1_000_000, b"0." + b"1" * 2_000_000]
)
def test_a_long_output_is_no_trap(name: str, output: bytes) -> None:
    assert CHECKERS[name](output + b" y", output + b" z") is WRONG


def test_a_custom_checker_is_told_input_expectation_and_output() -> None:
    checker = parse({"name": "custom", "code": "print('accepted')"})

    assert isinstance(checker, CustomChecker)
    run = custom_checker.program(checker, StdinCase("in\ud800", "want"), "got")
    assert run.code == "print('accepted')"
    assert json.loads(run.stdin) == {"input": "in\ud800", "expected": "want", "output": "got"}
    assert run.stdin.isascii()


@pytest.mark.parametrize(
    ("stdout", "outcome", "message"),
    [
        ("accepted\n", ACCEPTED, ""),
        ("  wrong_answer 3 edges\x1b too many\nmore", WRONG, "3 edges\\x1b too many"),
        ("presentation_error", PRESENTATION, ""),
        ("accepted\t 3 edges\r\nmore", ACCEPTED, "3 edges"),
    ],
)
def test_the_first_word_of_a_custom_checker_decides(stdout: str, outcome: Outcome, message: str) -> None:
    judgement = custom_checker.judgement(TestResult(ACCEPTED, stdout=stdout))

    assert (judgement.outcome, judgement.message) == (outcome, message)


def test_a_judged_run_keeps_its_output_and_usage() -> None:
    run = TestResult(ACCEPTED, stdout="5", cpu_s=0.5)

    checked = TestResult(ACCEPTED, stdout="wrong_answer not 4", cpu_s=9.0)
    result = custom_checker.judged(run, checked, StdinCase("", "4"))

    difference = Difference("line 1, column 1", "4", "5")
    assert result == TestResult(WRONG, stdout="5", cpu_s=0.5, message="not 4", difference=difference)


@pytest.mark.parametrize(
    "result",
    [
        TestResult(ACCEPTED),
        TestResult(ACCEPTED, stdout="Accepted"),
        TestResult(ACCEPTED, stdout="acceptedx"),
        TestResult(ACCEPTED, stdout="time_limit"),
        TestResult(Outcome.RUNTIME_ERROR, stdout="accepted", message="ValueError"),
        TestResult(Outcome.TIME_LIMIT, stdout="accepted"),
        TestResult(Outcome.COMPILE_ERROR),
        TestResult(Outcome.INTERNAL_ERROR),
    ],
)
def test_a_custom_checker_that_fails_judges_nobody(result: TestResult) -> None:
    judgement = custom_checker.judgement(result)

    assert judgement.outcome is Outcome.INTERNAL_ERROR
    assert judgement.message.startswith("the checker failed")

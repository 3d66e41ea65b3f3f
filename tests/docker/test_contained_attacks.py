"""Hostile programs, judged by the sandbox in its container as docker-compose.yml starts it."""

from typing import Any

import pytest

from sandbox_runner.domain.verdict import Outcome
from tests.docker.asking import await_work, in_the_sandbox
from tests.docker.composing import Container, Project
from tests.isolation.corpus.attack import Attack, Kind
from tests.isolation.corpus.every import BY_LETTER

pytestmark = [pytest.mark.docker, pytest.mark.isolation, pytest.mark.timeout(1800)]

_OF_EACH = 4
_LIMITS: dict[str, float] = {"cpu_s": 0.5, "wall_s": 5.0, "memory_bytes": 128 << 20}
# In a directory, as a box has a /tmp of its own, where it may write such a file.
_BAIT_DIRECTORY = "/tmp/of-the-host"
_BAIT = f"{_BAIT_DIRECTORY}/bait"
_HONEST = {"code": "def f(x):\n    return x + 1\n", "entry_point": "f"}
ATTACKS = tuple(
    attack for table in BY_LETTER.values() for attack in table[:: max(1, len(table) // _OF_EACH)][:_OF_EACH]
)
"""The same few of every letter each time, from all over its table."""


def test_the_sandbox_reaches_t2_in_its_container(stack: Project) -> None:
    (answer,) = in_the_sandbox(stack.only("sandbox"), [_judged(_HONEST, 4)])

    assert answer["tier"] == "T2"


def test_attacks_are_contained_where_operators_run_them(stack: Project) -> None:
    sandbox = stack.only("sandbox")
    sandbox.run("sh", "-c", f"mkdir {_BAIT_DIRECTORY} && echo bait > {_BAIT} && chmod 666 {_BAIT}")
    before, processes = sandbox.restarts, _processes(sandbox)

    answers = in_the_sandbox(sandbox, [_asked(attack) for attack in ATTACKS])
    right, wrong = in_the_sandbox(sandbox, [_judged(_HONEST, 4), _judged(_HONEST, 5)])

    got = {attack.label: _outcome(answer) for attack, answer in zip(ATTACKS, answers, strict=True)}
    assert len(got) >= 20
    assert {label: outcome for label, outcome in got.items() if outcome not in _allowed(label)} == {}
    assert (_outcome(right), _outcome(wrong)) == (Outcome.ACCEPTED, Outcome.WRONG_ANSWER)
    assert sandbox.run("cat", _BAIT) == "bait\n"
    assert _processes(sandbox) <= processes
    assert sandbox.restarts == before
    await_work(stack)


def _outcome(answer: dict[str, Any]) -> Outcome:
    return Outcome(answer["verdict"]["tests"][0]["outcome"])


def _allowed(label: str) -> frozenset[Outcome]:
    return next(attack.outcomes for attack in ATTACKS if attack.label == label)


def _asked(attack: Attack) -> dict[str, Any]:
    program = {"code": attack.code, "limits": {**_LIMITS, **attack.limits}}
    match attack.kind:
        case Kind.SCRIPT:
            return {**program, "tests": [{"stdin": "", "stdout": attack.expected}]}
        case Kind.CALL:
            return _judged({**program, "entry_point": "f"}, attack.expected)
        case Kind.REFUSAL:
            # What the container has to lose: a file, its own port, its first process, our source.
            source = "/opt/ctrl/bin/ctrl-sandbox"
            bait = {"file": _BAIT, "port": 8080, "pid": 1, "source": source}
            return _judged({**program, "entry_point": "f"}, attack.expected, bait)


def _judged(program: dict[str, Any], expected: object, argument: object = 3) -> dict[str, Any]:
    return {**program, "tests": [{"args": [argument], "expected": expected}]}


def _processes(sandbox: Container) -> int:
    """Count them as `ps` would, without the one that counts."""
    return len(sandbox.run("sh", "-c", "ls -d /proc/[0-9]*").split())

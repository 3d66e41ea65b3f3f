"""A program of the mini world: steps on one variable, then a result; to code and back."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, reduce

from training.tasks.operations import ALL_OPERATIONS, FINALS, STEPS, Kind, Operation

ENTRY_POINT = "solve"


class Shape(StrEnum):
    """How the tests reach the program."""

    LIST_FUNCTION = "list_function"
    TEXT_FUNCTION = "text_function"
    STDIN_PROGRAM = "stdin_program"


_KIND = {
    Shape.LIST_FUNCTION: Kind.NUMBERS,
    Shape.TEXT_FUNCTION: Kind.TEXT,
    Shape.STDIN_PROGRAM: Kind.NUMBERS,
}
_VARIABLE = {Kind.NUMBERS: "xs", Kind.TEXT: "s"}
_READ_STDIN = "xs = [int(x) for x in input().split()]"


@dataclass(frozen=True, slots=True)
class Step:
    """An operation with its constant chosen."""

    operation: Operation
    constant: int | None = None

    def does_as(self, other: "Step | None") -> bool:
        """Whether both are the same code: keeping multiples of 2 is keeping the even numbers."""
        return other is not None and self.code == other.code

    @property
    def code(self) -> str:
        return self.operation.code.replace("{k}", str(self.constant))

    def phrase(self, phrasing: int = 0) -> str:
        """English, by default the canonical wording."""
        return self.operation.phrasings[phrasing].replace("{k}", str(self.constant))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in order; the last one is a final operation."""

    shape: Shape
    steps: tuple[Step, ...]

    @property
    def kind(self) -> Kind:
        return _KIND[self.shape]

    @property
    def composition(self) -> str:
        """The operations without their constants: the unit that the splits keep apart."""
        return f"{self.kind}: " + " | ".join(step.operation.code for step in self.steps)

    def code(self) -> str:
        """The program's text."""
        return "\n".join([self._head, *(self._line(step) for step in self.steps)]) + "\n"

    @property
    def _head(self) -> str:
        if self.shape is Shape.STDIN_PROGRAM:
            return _READ_STDIN
        return f"def {ENTRY_POINT}({_VARIABLE[self.kind]}):"

    def _line(self, step: Step) -> str:
        if self.shape is Shape.STDIN_PROGRAM:
            return f"print({step.code})" if step.operation.final else f"xs = {step.code}"
        return (
            f"    return {step.code}" if step.operation.final else f"    {_VARIABLE[self.kind]} = {step.code}"
        )

    def compute(self) -> Callable[[object], object]:
        """The program as a function of its input. Only for programs this world made itself."""
        functions = [_function(_VARIABLE[self.kind], step.code) for step in self.steps]
        return lambda value: reduce(lambda so_far, function: function(so_far), functions, value)


@cache
def _function(variable: str, expression: str) -> Callable[[object], object]:
    """A step as a function; there are some hundreds, and compiling one takes longer than running it."""
    function: Callable[[object], object] = eval(f"lambda {variable}: {expression}")  # noqa: S307 - our table
    return function


@cache
def _patterns(*, phrases: bool) -> tuple[tuple[re.Pattern[str], Operation], ...]:
    spelled = ((op.phrasings[0] if phrases else op.code, op) for op in ALL_OPERATIONS)
    return tuple((re.compile(re.escape(text).replace(r"\{k\}", r"(\d+)")), op) for text, op in spelled)


@cache
def parse_step(kind: Kind, code: str, final: bool) -> Step | None:
    """Read an expression back; None when it is not of this world."""
    for pattern, op in _patterns(phrases=False):
        if op.kind is kind and op.final == final and (match := pattern.fullmatch(code)):
            return Step(op, int(match[1]) if match.groups() else None)
    return None


def parse_phrase(kind: Kind, phrase: str) -> Step | None:
    """Read a canonical wording back; None when it is not of this world."""
    for pattern, op in _patterns(phrases=True):
        if op.kind is kind and (match := pattern.fullmatch(phrase)):
            return Step(op, int(match[1]) if match.groups() else None)
    return None


_LINE = re.compile(r"(?:    )?(?:(?P<set>xs|s) = (?P<expr>.+)|return (?P<ret>.+)|print\((?P<out>.+)\))")


def parse_lines(shape: Shape, code: str) -> list[Step | None]:
    """The steps of a program, one for each line after the first; None for a line not of this world."""
    return [_parse_line(shape, line) for line in code.strip("\n").split("\n")[1:]]


def _parse_line(shape: Shape, line: str) -> Step | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    if match["expr"] is not None:
        return parse_step(_KIND[shape], match["expr"], final=False)
    return parse_step(_KIND[shape], match["ret"] or match["out"], final=True)


def random_step(rng: random.Random, operations: tuple[Operation, ...]) -> Step:
    """Draw an operation and its constant."""
    operation = rng.choice(operations)
    return Step(operation, rng.choice(operation.constants) if operation.constants else None)


def random_pipeline(rng: random.Random, shape: Shape, length: int) -> Pipeline:
    """Draw `length` steps and a final one; no step twice in a row."""
    kind = _KIND[shape]
    steps: list[Step] = []
    while len(steps) < length:
        step = random_step(rng, STEPS[kind])
        if not steps or step.operation is not steps[-1].operation:
            steps.append(step)
    return Pipeline(shape, (*steps, random_step(rng, FINALS[kind])))

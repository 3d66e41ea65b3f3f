"""What the tests' jail reports: how the test's code ended, and whether the program was asked at all."""

import ast
import linecache
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import TracebackType

from sandbox_runner.jail import report
from sandbox_runner.jail.remote.tests_side.exceptions import CROSSED
from sandbox_runner.jail.remote.tests_side.link import CandidateGoneError, Link, NotForwardedError
from sandbox_runner.jail.remote.tests_side.module import is_of_program

SEAL = "seal"
_TEXT_LIMIT = 2_000
_CANCELLED = "CancelledError"
_NO_DIRECTORY = "No usable temporary directory"


class Ended(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    """An assertion of the tests did not hold."""
    ERROR = "error"
    """The tests raised something else on what the program answered."""
    CROSSED = "crossed"
    """An exception of the program reached the tests, which did not expect it."""
    CANDIDATE_GONE = "candidate_gone"
    TEST_FAULT = "test_fault"
    """The tests cannot judge any program: they do not compile, never ask it, or ask what is not answered."""


@dataclass(frozen=True, slots=True)
class Findings:
    ended: Ended
    type: str = ""
    text: str = ""
    line: int | None = None
    source: str = ""
    weak: bool = False
    """The program decided a comparison of two of its objects."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def write(self, descriptor: int, seal: str = "") -> None:
        """With the seal, which who runs the tests asks for."""
        report.write_value(descriptor, {**asdict(self), SEAL: seal})


def of_end(link: Link, error: BaseException | None, files: frozenset[str], names: frozenset[str]) -> Findings:
    """Judge how test code ended; `files` are its files, `names` those under which it knows the program."""
    link.end()
    if link.gone is not None or isinstance(error, CandidateGoneError):
        return Findings(Ended.CANDIDATE_GONE, text=link.gone or "", weak=link.weak)
    if link.not_forwarded is not None:
        return Findings(Ended.TEST_FAULT, NotForwardedError.__name__, link.not_forwarded, weak=link.weak)
    if error is None and link.answered:
        return Findings(Ended.PASSED, weak=link.weak)
    if error is None:
        return Findings(Ended.TEST_FAULT, text="the tests never used the program")
    return _of_error(link, error, files, names)


def _of_error(link: Link, error: BaseException, files: frozenset[str], names: frozenset[str]) -> Findings:
    crossed = getattr(error, CROSSED, None)
    if isinstance(crossed, dict):
        line = crossed["line"] if isinstance(crossed["line"], int) else None
        return Findings(
            Ended.CROSSED,
            crossed["type"],
            str(crossed["text"])[:_TEXT_LIMIT],
            line,
            str(crossed["source"])[:_TEXT_LIMIT],
            weak=link.weak,
        )
    if link.was_cancelled and type(error).__name__ == _CANCELLED:
        return Findings(Ended.CROSSED, _CANCELLED, weak=link.weak)
    line, source = _location(error, files)
    told = (type(error).__name__, report.text_of(error)[:_TEXT_LIMIT], line, source, link.weak)
    if _lacks_a_name(error, names):
        return Findings(Ended.CROSSED, *told[:2], weak=link.weak)
    unreadable = isinstance(error, SyntaxError) and error.filename in files
    cannot = isinstance(error, ImportError) or _lacks_a_directory(error)
    if unreadable or cannot or not (link.answered or _looked_at_the_program(error, files)):
        return Findings(Ended.TEST_FAULT, *told)
    if isinstance(error, AssertionError) or _is_pytest_failure(error):
        return Findings(Ended.FAILED, *told)
    is_of_runner = type(error).__module__.startswith("_pytest") or not isinstance(error, Exception)
    return Findings(Ended.TEST_FAULT if is_of_runner else Ended.ERROR, *told)


def _is_pytest_failure(error: BaseException) -> bool:
    """`pytest.fail`, and `pytest.raises` when nothing was raised; pytest need not be there to tell."""
    return type(error).__name__ == "Failed" and not isinstance(error, Exception)


def _lacks_a_directory(error: BaseException) -> bool:
    """Whether `tempfile` found none, as where boxes have no scratch directory."""
    return isinstance(error, FileNotFoundError) and _NO_DIRECTORY in str(error)


def _lacks_a_name(error: BaseException, names: frozenset[str]) -> bool:
    """Whether the program does not define what the tests use by name.

    A name that the tests misspell looks the same; were it their fault, a program could avoid a verdict.
    """
    return isinstance(error, NameError) or (isinstance(error, ImportError) and error.name in names)


def _looked_at_the_program(error: BaseException, files: frozenset[str]) -> bool:
    """Whether the statement that failed names something of the program, such as a function in place of data.

    To take it for one that tests never asked would let the program choose to have no verdict.
    """
    last = _last_of(error, files)
    if last is None:
        return False
    frame = last.tb_frame
    try:
        tree = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    except (SyntaxError, RecursionError, MemoryError):
        return False
    nodes = [*ast.walk(tree)]
    lines = [lines for each in nodes for lines in _lines_of(each) if last.tb_lineno in lines]
    failed = lines[-1] if lines else range(0)
    names = {each.id for each in nodes if isinstance(each, ast.Name) and each.lineno in failed}
    return any(is_of_program(frame.f_locals.get(name, frame.f_globals.get(name))) for name in names)


def _lines_of(node: ast.AST) -> Iterator[range]:
    """Those of a statement, and those of its decorators, which are before them."""
    parts = [node, *getattr(node, "decorator_list", ())] if isinstance(node, ast.stmt) else []
    for each in parts:
        yield range(each.lineno, (each.end_lineno or each.lineno) + 1)


def _location(error: BaseException, files: frozenset[str]) -> tuple[int | None, str]:
    if isinstance(error, SyntaxError):
        return error.lineno, (error.text or "").strip()[:_TEXT_LIMIT]
    last = _last_of(error, files)
    if last is None:
        return None, ""
    file = last.tb_frame.f_code.co_filename
    return last.tb_lineno, linecache.getline(file, last.tb_lineno).strip()[:_TEXT_LIMIT]


def _last_of(error: BaseException, files: frozenset[str]) -> TracebackType | None:
    """Where the error left the tests' own code."""
    last: TracebackType | None = None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename in files:
            last = frame
        frame = frame.tb_next
    return last

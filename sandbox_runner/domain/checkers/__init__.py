"""Compare what a program printed with what was expected: bytes in, outcome out."""

from sandbox_runner.domain.checkers.checker import Checker, CustomChecker
from sandbox_runner.domain.checkers.parsing import CHECKERS, DEFAULT_CHECKER, CheckerError, parse

__all__ = ["CHECKERS", "DEFAULT_CHECKER", "Checker", "CheckerError", "CustomChecker", "parse"]

"""Compare what a program printed with what was expected: bytes in, outcome out.

`custom` stands apart: it judges by running a program, and what it imports imports this package.
"""

from sandbox_runner.checkers.checker import Checker, CustomChecker
from sandbox_runner.checkers.parsing import CHECKERS, DEFAULT_CHECKER, CheckerError, parse

__all__ = ["CHECKERS", "DEFAULT_CHECKER", "Checker", "CheckerError", "CustomChecker", "parse"]

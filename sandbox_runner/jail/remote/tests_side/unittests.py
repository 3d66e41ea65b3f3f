"""Test cases and functions of test code that leaves it to others to run them, as BigCodeBench's does.

And what becomes of those that it runs itself: a runner tells that in a result, at which nobody may look.
"""

import sys
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from inspect import Parameter, iscoroutinefunction, signature
from types import FunctionType
from typing import Any

_TOLD = ("startTest", "addSuccess", "addSkip", "addExpectedFailure", "addUnexpectedSuccess", "addSubTest")
_FAILED = ("addFailure", "addError")


@dataclass(slots=True)
class Outcomes:
    """Of the test cases that any runner has run."""

    asked: Callable[[], int] = int
    """How often the program was asked so far."""
    failures: list[BaseException] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    """The names of their classes."""
    passed: int = 0
    skipped: int = 0
    skipped_late: int = 0
    """Those that asked the program first, so that its answer may have decided that."""
    within: bool = False
    """Who tells it is being told."""
    _asked_before: int = 0

    def take(self, told: str, *args: Any) -> None:
        if told == "startTest":
            self._asked_before = self.asked()
        elif told == "addSuccess":
            self.passed += 1
        elif told in {"addSkip", "addExpectedFailure"}:
            self.skipped += 1
            self.skipped_late += told == "addSkip" and self.asked() > self._asked_before
        elif told == "addUnexpectedSuccess":
            self.failures.append(AssertionError("a test that was to fail has passed"))
        elif args[-1] is not None:  # as for a part of a test that has passed
            self.failures.append(args[-1][1])


@contextmanager
def heard(asked: Callable[[], int]) -> Iterator[Outcomes]:
    """What is told meanwhile; `asked` tells how often the program was asked so far."""
    import unittest  # noqa: PLC0415 - few tests have cases, and it is large

    outcomes = Outcomes(asked)
    replaced: list[tuple[Any, str, Any]] = []
    run = unittest.TestCase.run

    def listen(kind: Any) -> None:
        """To a class of the tests' own too, which need not tell ours what it is told."""
        for name in (*_TOLD, *_FAILED):
            method = vars(kind).get(name)
            if method is not None and not hasattr(method, "unheard"):
                replaced.append((kind, name, method))
                setattr(kind, name, _heard(outcomes, name, method))

    def run_heard(self: Any, result: Any = None) -> Any:
        outcomes.ran.add(type(self).__name__)
        for kind in type(result).__mro__:
            listen(kind)
        return run(self, result)

    def run_examples(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = examples(self, *args, **kwargs)
        outcomes.passed += found.attempted > found.failed
        if found.failed:
            outcomes.failures.append(AssertionError(f"{found.failed} of {found.attempted} examples failed"))
        return found

    doctest: Any = sys.modules.get("doctest")
    examples: Any = getattr(getattr(doctest, "DocTestRunner", None), "run", None)
    if examples is not None:
        doctest.DocTestRunner.run = run_examples
        replaced.append((doctest.DocTestRunner, "run", examples))
    listen(unittest.TestResult)
    unittest.TestCase.run = run_heard  # type: ignore[method-assign]
    try:
        yield outcomes
    finally:
        unittest.TestCase.run = run  # type: ignore[method-assign]
        for kind, name, method in replaced:
            setattr(kind, name, method)


def _heard(outcomes: Outcomes, name: str, method: Callable[..., object]) -> Callable[..., object]:
    @wraps(method)
    def told(self: object, *args: object) -> object:
        within, outcomes.within = outcomes.within, True  # one method may call that of a base
        if not within:
            outcomes.take(name, *args)
        try:
            return method(self, *args)
        finally:
            outcomes.within = within

    told.unheard = method  # type: ignore[attr-defined]
    return told


def left_in(names: Mapping[str, object], module: str, known: Container[str]) -> Any:
    """What there is to run, but for what is `known` to be used already: a suite of `unittest`, or None."""
    left = {name: each for name, each in names.items() if name not in known}
    functions = [each for name, each in left.items() if name.startswith("test") and _is_test(each, module)]
    values: Any = left.values()
    kinds = [each for each in values if _is_class(each) and each.__module__ == module]
    functions += [each for kind in dict.fromkeys(kinds) for each in _methods_of(kind)]
    if not functions and "unittest" not in sys.modules:
        return None
    import unittest  # noqa: PLC0415

    suite = unittest.TestSuite(unittest.FunctionTestCase(_whole(each)) for each in functions)
    for kind in dict.fromkeys(kinds):
        if issubclass(kind, unittest.TestCase):
            suite.addTests(map(_awaited, unittest.defaultTestLoader.loadTestsFromTestCase(kind)))
    return suite if suite.countTestCases() else None


def run(suite: Any, asked: Callable[[], int]) -> Outcomes:
    """What became of them. Raises what the first one failed with."""
    import unittest  # noqa: PLC0415

    outcomes = Outcomes(asked)
    told = {name: _heard(outcomes, name, getattr(unittest.TestResult, name)) for name in (*_TOLD, *_FAILED)}
    suite.run(type("Result", (unittest.TestResult,), told)())
    if outcomes.failures:
        raise outcomes.failures[0]
    return outcomes


def _methods_of(kind: Any) -> Iterator[Callable[[], object]]:
    """The tests of a class that pytest would run."""
    if not kind.__name__.startswith("Test") or kind.__init__ is not object.__init__:
        return
    for name in dir(kind):
        method = getattr(kind, name)
        is_test = name.startswith("test") and type(method) is FunctionType
        if is_test and _needs_nothing(method.__get__(kind)):
            # By whose name `unittest` tells how long it took, from Python 3.12 on.
            yield wraps(method)(partial(_run_method, kind, name))


def _run_method(kind: Any, name: str) -> None:
    one = kind()
    test = getattr(one, name)
    for each in ("setup_method", name, "teardown_method"):
        method = getattr(one, each, None)
        if method is not None:
            _whole(method if _needs_nothing(method) else partial(method, test))()


def _awaited(test: Any) -> Any:
    """The test, with a method that only makes something to be awaited replaced by one that awaits it."""
    name = test._testMethodName  # noqa: SLF001
    if not hasattr(test, "asyncSetUp"):
        setattr(test, name, _whole(getattr(test, name)))
    return test


def _whole(function: Any) -> Any:
    """What runs a function to its end, one that awaits too."""
    if not iscoroutinefunction(function):
        return function
    import asyncio  # noqa: PLC0415 - few tests await, and it is large

    return lambda: asyncio.run(function())


def _is_class(value: object) -> bool:
    return type in type(value).__mro__


def _is_test(value: object, module: str) -> bool:
    """A function of the tests that needs nothing."""
    return type(value) is FunctionType and value.__module__ == module and _needs_nothing(value)


def _needs_nothing(function: Callable[..., object]) -> bool:
    optional = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    try:
        parameters = signature(function).parameters.values()
    except ValueError:  # a static method, which has none to be bound
        return False
    return all(each.default is not Parameter.empty or each.kind in optional for each in parameters)

"""Test cases and functions of test code that leaves it to others to run them, as BigCodeBench's does."""

import sys
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from inspect import iscoroutinefunction
from types import FunctionType, SimpleNamespace
from typing import Any


def left_in(names: Mapping[str, object], module: str, known: Container[str]) -> Any:
    """What there is to run, but for what is `known` to be used already: a suite of `unittest`, or None."""
    left = {name: each for name, each in names.items() if name not in known}
    functions = [each for name, each in left.items() if name.startswith("test") and _is_test(each, module)]
    unittest: Any = sys.modules.get("unittest")
    if unittest is None and functions:
        import unittest  # noqa: PLC0415 - few tests leave any, and it is large
    if unittest is None:
        return None
    suite = unittest.TestSuite(unittest.FunctionTestCase(_whole(each)) for each in functions)
    kinds: Any = filter(_is_class, left.values())
    for kind in dict.fromkeys(kinds):
        if issubclass(kind, unittest.TestCase) and kind.__module__ == module:
            suite.addTests(map(_awaited, unittest.defaultTestLoader.loadTestsFromTestCase(kind)))
    return suite if suite.countTestCases() else None


def run(suite: Any, names: Mapping[str, object]) -> bool:
    """Whether any has passed. Raises what the first one failed with."""
    import unittest  # noqa: PLC0415

    failures: list[BaseException] = []
    passed: list[object] = []

    class Result(unittest.TestResult):
        def addSuccess(self, test: object) -> None:  # noqa: N802
            passed.append(test)

        def addFailure(self, test: object, error: Any) -> None:  # noqa: N802
            failures.append(error[1])

        def addError(self, test: object, error: Any) -> None:  # noqa: N802
            failures.append(error[1])

        def addSubTest(self, test: object, subtest: object, error: Any) -> None:  # noqa: N802
            if error is not None:
                failures.append(error[1])

        def addUnexpectedSuccess(self, test: object) -> None:  # noqa: N802
            failures.append(AssertionError("a test that was to fail has passed"))

    with _known_as(str(names["__name__"]), names):  # where it looks for `setUpModule`
        suite.run(Result())
    if failures:
        raise failures[0]
    return bool(passed)


@contextmanager
def _known_as(module: str, names: Mapping[str, object]) -> Iterator[None]:
    known = sys.modules.get(module)
    sys.modules[module] = SimpleNamespace(**names)  # type: ignore[assignment]
    try:
        yield
    finally:
        if known is None:
            del sys.modules[module]
        else:
            sys.modules[module] = known


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
    return type(value) is FunctionType and value.__module__ == module and not value.__code__.co_argcount

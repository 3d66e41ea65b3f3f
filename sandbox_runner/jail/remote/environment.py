"""Variables of the environment that the tests set, as by `monkeypatch.setenv`: the program's has them too."""

import os
from collections.abc import Mapping

_OF_PYTEST = "PYTEST_"
"""By these it tells programs the names of tests."""


class TestsEnvironment:
    """The tests' side."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        self._told = _variables()

    def changes(self) -> dict[str, str | None]:
        """What changed since this was last asked; None for what is gone."""
        now, told = _variables(), self._told
        if now == told:
            return {}
        self._told = now
        return {name: now.get(name) for name in now.keys() | told.keys() if now.get(name) != told.get(name)}


def take_over(changes: Mapping[str, str | None]) -> None:
    """The program's side."""
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)  # noqa: TID251 - the program's own
        else:
            os.environ[name] = value  # noqa: TID251


def _variables() -> dict[str, str]:
    given = os.environ.items()  # noqa: TID251 - the tests' own
    return {name: value for name, value in given if not name.startswith(_OF_PYTEST)}

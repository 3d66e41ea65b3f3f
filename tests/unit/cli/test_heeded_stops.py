import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from service.cli.batch.spread import heeded as module
from service.cli.batch.spread.heeded import heeded


class _Swallows:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def _swallow() -> None:
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("swallowed", [_swallow, _Swallows])
def test_a_stop_that_was_swallowed_is_raised_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], swallowed: Callable[[], object]
) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.05 if swallowed is _swallow else 60)
    before = signal.getsignal(signal.SIGTERM), sys.unraisablehook

    with pytest.raises(KeyboardInterrupt):
        _work(swallowed)

    assert (signal.getsignal(signal.SIGTERM), sys.unraisablehook) == before
    assert capfd.readouterr() == ("", "")


def test_what_a_destructor_failed_with_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda swallowed: told.append(swallowed.exc_type))

    with heeded():
        _Fails()

    assert told == [ValueError]


class _Fails:
    def __del__(self) -> None:
        raise ValueError


def _work(swallowed: Callable[[], object]) -> None:
    with heeded():
        swallowed()
        time.sleep(60)

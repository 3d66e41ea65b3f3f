import signal
import time

import pytest

from service.cli.batch.spread import heeded as module
from service.cli.batch.spread.heeded import heeded


class _Swallows:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def _work() -> None:
    with heeded():
        _Swallows()
        time.sleep(60)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_a_destructor_swallowed_is_raised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.05)
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        _work()

    assert signal.getsignal(signal.SIGTERM) == before

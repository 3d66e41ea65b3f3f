"""Wall clock of a stage over all its invocations."""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from training.whole import write_whole

_EVERY_S = 5.0
"""What a kill may lose."""


class Stopwatch:
    """Goes on from what a file says, and writes down what it has reached: a killed stage cannot any more."""

    def __init__(self, path: Path, every_s: float = _EVERY_S) -> None:
        self._path, self._every_s = path, every_s
        self._before = float(path.read_text(encoding="utf-8")) if path.is_file() else 0.0
        self._started = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="stopwatch", daemon=True)

    @property
    def seconds(self) -> float:
        """Of this invocation and of those before it."""
        return self._before + time.monotonic() - self._started

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._write()

    def _write_on(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._write()

    def _write(self) -> None:
        write_whole(self._path, f"{self.seconds:.1f}")

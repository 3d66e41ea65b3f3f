"""Stop strings, found across the borders of tokens."""

from collections.abc import Sequence


class StopFilter:
    """Passes text on up to the first stop string, and holds back what may be the beginning of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """Return what can be passed on now."""
        self._held += text
        if (found := self._first_stop()) is not None:
            self.stopped = True
            return self._release(found)
        return self._release(len(self._held) - self._longest_beginning())

    def flush(self) -> str:
        """Return what was held back, for no more will come."""
        return self._release(len(self._held))

    def _release(self, count: int) -> str:
        passed, self._held = self._held[:count], "" if self.stopped else self._held[count:]
        return passed

    def _first_stop(self) -> int | None:
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        return min(found, default=None)

    def _longest_beginning(self) -> int:
        return max((_overlap(self._held, stop) for stop in self._stops), default=0)


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of `text` with which `stop` could begin."""
    longest = min(len(stop) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)

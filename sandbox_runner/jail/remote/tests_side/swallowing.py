"""Exceptions of the program by which something else may end: `map` takes a StopIteration for its own end.

No line of the tests has then seen it, and what they look at is shorter by the program's choice.
"""

import dis
import os
import sys
from collections.abc import Iterator
from types import CodeType, FrameType

_ENDING = {StopIteration: "next", StopAsyncIteration: "anext"}
"""By which an iterator says that it is at its end, and where it is asked for."""
_OURS = os.path.dirname(__file__)
_RAISES, _RAISES_ANOTHER = dis.opmap["RAISE_VARARGS"], 1


class Swallowed:
    """Looks, once the tests went on, at what became of such an exception."""

    def __init__(self) -> None:
        self._error: BaseException | None = None
        self._is_own_end = False
        self._asker: FrameType | None = None
        """The code of the tests that asked."""
        self._at = 0
        """Where in it."""

    def note(self, error: BaseException, operation: str) -> None:
        """A loop over an object of the tests that has no more than items takes an IndexError for its end."""
        ending = (*_ENDING, IndexError) if operation == "call" else tuple(_ENDING)
        if isinstance(error, ending):
            self._error, self._asker = error, _first_of_tests(sys._getframe())  # noqa: SLF001
            self._at = self._asker.f_lasti if self._asker else 0
            self._is_own_end = any(isinstance(error, kind) and operation == _ENDING[kind] for kind in _ENDING)

    def was_noted(self) -> bool:
        """Whether one was swallowed that ended another thing than what was asked for its next item."""
        error, self._error = self._error, None
        asker, self._asker = self._asker, None
        return error is not None and not self._is_handled(error, asker)

    def _is_handled(self, error: BaseException, asker: FrameType | None) -> bool:
        """Before Python 3.12 an exception notes only code that has something to do with exceptions there."""
        last = error.__traceback__
        if last is None:  # who handled it has taken it away
            return True
        if last.tb_frame.f_code.co_filename.startswith(_OURS):
            return self._is_own_end and (asker is None or _went_on(asker, self._at))
        is_loop = isinstance(error, StopAsyncIteration) and not self._is_own_end
        return _went_on(last.tb_frame, last.tb_lasti) and not (
            is_loop and _is_loop(last.tb_frame.f_code, last.tb_lasti)
        )


def _first_of_tests(frame: FrameType) -> FrameType | None:
    others = (each for each in _frames(frame) if not each.f_code.co_filename.startswith(_OURS))
    return next(others, None)


def _went_on(frame: FrameType, at: int) -> bool:
    """Whether the exception that came to it there has not left it: it goes on, or has ended otherwise."""
    if _is_running(frame):
        return True
    code, last = frame.f_code.co_code, frame.f_lasti
    raised_again = code[last] == _RAISES and code[last + 1] < _RAISES_ANOTHER
    return not (last == at or raised_again or dis.opname[code[last]] == "RERAISE")


def _is_running(frame: FrameType) -> bool:
    tops = sys._current_frames().values()  # noqa: SLF001
    return any(each is frame for top in tops for each in _frames(top))


def _frames(top: FrameType | None) -> Iterator[FrameType]:
    while top is not None:
        yield top
        top = top.f_back


def _is_loop(code: CodeType, at: int) -> bool:
    """Whether what handles an exception there is the end of an `async for`."""
    handlers = dis._parse_exception_table(code)  # type: ignore[attr-defined]  # noqa: SLF001
    targets = [each.target for each in handlers if each.start <= at < each.end]
    return any(dis.opname[code.co_code[target]] == "END_ASYNC_FOR" for target in targets)

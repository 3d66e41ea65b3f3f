"""Test code of the caller, in a jail of its own. The program that it tests is behind a socket."""

import json
import os
from collections.abc import Mapping
from typing import NoReturn

from sandbox_runner.jail import alarm, credentials, limits, messages
from sandbox_runner.jail.confinement import REPORT_FD, TestWalls
from sandbox_runner.jail.filesystem import SCRATCH
from sandbox_runner.jail.limits import Limits
from sandbox_runner.jail.waiting import WaitingClock


class TestsProgram:
    __test__ = False  # not a test of ours
    outgrows = False
    compiles = False

    def __init__(self, bounds: Limits, *, isolated: bool, once: bool) -> None:
        limits.apply(bounds, bounds.file_bytes)
        self._bounds = bounds
        self._isolated = isolated
        begin = alarm.tell_ready if once else alarm.let_go
        self._walls = TestWalls(bounds, isolated=isolated, begin=begin)

    def prepare(self, request: bytes) -> Limits:
        return self._bounds

    def take(self, files: Mapping[str, bytes]) -> None:
        """Leave them: what tests need comes with each request."""

    def be_test(self, request: bytes, streams: tuple[int, ...]) -> NoReturn:
        if not self._isolated:
            credentials.die_with_parent()
        told = json.loads(messages.read_whole(streams[0]))
        os.dup2(0, streams[0])  # tests read nothing
        connection = self._walls.enclose(streams, 4)
        clock = WaitingClock(connection + 1)
        scratch = SCRATCH if self._isolated else None
        # Only launchers that serve tests have these, and their packages, imported.
        from sandbox_runner.jail.remote.frames import Connection  # noqa: PLC0415
        from sandbox_runner.jail.remote.tests_side import pickles  # noqa: PLC0415
        from sandbox_runner.jail.remote.tests_side.findings import SEAL  # noqa: PLC0415

        pickles.allow_data([told["source"]] if request == messages.TEST_CODE else told["files"].values())
        if request == messages.TEST_CODE:
            from sandbox_runner.jail.remote.tests_side import code  # noqa: PLC0415

            findings = code.run_assert_code(
                told["source"], Connection(connection, clock), told["entry_point"], scratch
            )
        else:
            from sandbox_runner.jail.remote.tests_side import pytest_files  # noqa: PLC0415

            findings = pytest_files.run_pytest(
                told["files"], Connection(connection, clock), told["names"], scratch
            )
        findings.write(REPORT_FD, told[SEAL])
        os._exit(0)

    def compiling_cpu_s(self) -> float:
        return 0.0

    def settle(self, request: bytes, status: int) -> bool:
        return True

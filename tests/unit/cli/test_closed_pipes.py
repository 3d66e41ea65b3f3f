"""A command whose output nobody reads to its end, as before `| head`."""

import os
import subprocess
import sys

import pytest

from tests.unit.api.world import World
from tests.unit.cli.serving import serving


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_has_gone_is_no_verdict(options: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with serving(World().app()) as url, os.fdopen(writing, "wb") as output:
        command = [sys.executable, "-m", "service.cli", "models", "--url", url, *options]
        run = subprocess.run(
            command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )

    assert (run.returncode, run.stderr) == (141, "")

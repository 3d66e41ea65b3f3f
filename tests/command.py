"""The command line, run as a person would."""

import subprocess
import sys


def ctrl(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `ctrl`; the widest terminal keeps lines whole."""
    command = ["/usr/bin/env", "COLUMNS=200", sys.executable, "-m", "service.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

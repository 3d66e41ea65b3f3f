"""What reaches stdout: JSON alone, and of an exception never the locals."""

import json
import subprocess
import sys

SCRIPT = """
import logging
import structlog
from service.adapters.logs import configure_logs

configure_logs("info")
log = structlog.get_logger("test")
log.debug("hidden")
log.info("shown", number=1)
logging.getLogger("library").warning("from a %s", "library")
try:
    api_key = "sk-" + "secret"
    raise ValueError("bug")
except ValueError:
    log.exception("crashed")
"""


def test_every_line_is_json_and_no_local_is_printed() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["event"] for entry in entries] == ["shown", "from a library", "crashed"]
    assert "ValueError: bug" in entries[2]["exception"]
    assert "sk-secret" not in done.stdout
    assert done.stderr == ""

"""What reaches stdout: JSON alone, and of an exception its type and its place, never words or locals."""

import json
import subprocess
import sys
from pathlib import Path

from service.adapters.crash import told
from service.adapters.openai.failure import Refusal, RefusedError
from service.domain.errors import GeneratorError

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
    assert entries[2]["exception"] == "ValueError\n  <string>:13 in <module>"
    assert "sk-secret" not in done.stdout
    assert done.stderr == ""


FULL = """
import structlog
from service.adapters.logs import configure_logs

configure_logs("info")
structlog.get_logger("test").info("lost")
"""


def test_a_line_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", FULL], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert "Traceback" not in done.stderr


def _raised(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301 - a traceback is wanted
    except BaseException as raised:  # noqa: BLE001 - whatever it is
        return raised


def test_an_exception_is_told_with_what_it_came_of_and_in_nobodys_words() -> None:
    try:
        try:
            compile("def secret_program(:", "<candidate>", "exec")
        except SyntaxError as error:
            raise KeyError("secret") from error
    except KeyError as error:
        text = told(error)

    assert [line for line in text.splitlines() if not line.startswith("  ")] == ["KeyError", "SyntaxError"]
    assert "secret" not in text


def test_the_members_of_a_group_are_told() -> None:
    text = told(_raised(BaseExceptionGroup("secret", [_raised(ValueError("secret")), OSError("secret")])))

    assert [line for line in text.splitlines() if not line.startswith("  ")] == [
        "ExceptionGroup",
        "ValueError",
        "OSError",
    ]
    assert "secret" not in text


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first

    assert told(first) == "ValueError\nKeyError"


def test_a_parts_own_words_are_for_the_client_and_not_for_the_log() -> None:
    refused = RefusedError("model 'm': refused with status 400: cannot read def f", Refusal(400))
    refused.quote = "cannot read def f"
    error = GeneratorError.of(refused)

    assert str(error).endswith("cannot read def f")
    assert error.loggable == "model 'm': refused with status 400: …"

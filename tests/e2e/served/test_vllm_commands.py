"""The command lines for vLLM that the examples and the documentation give."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.vllm_server import NEEDS_VLLM, PYTHON

pytestmark = NEEDS_VLLM

FILES = [*sorted(Path("configs/serving").glob("*.toml")), Path("docs/training-scale.md")]
_COMMAND = re.compile(r"vllm serve (?:[^\n]*\\\n)*[^\n]*")
_PARSE = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser())
for command in json.load(sys.stdin):
    parser.parse_args(command)
"""


def commands(file: Path) -> list[list[str]]:
    """Return what follows `vllm serve`, word by word, without comments and shell."""
    text = re.sub(r"^# ?", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [re.split(r"[&#]|$", command.replace("\\\n", " "))[0] for command in _COMMAND.findall(text)]
    return [shlex.split(command)[2:] for command in found]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_vllm_knows_every_option(file: Path) -> None:
    given = json.dumps(commands(file))

    parsed = subprocess.run(
        [str(PYTHON), "-c", _PARSE], input=given, capture_output=True, text=True, timeout=300, check=False
    )

    assert json.loads(given)
    assert parsed.returncode == 0, parsed.stderr[-2000:]

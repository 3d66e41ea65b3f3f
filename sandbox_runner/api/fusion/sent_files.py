"""Files that a client sends, refused where the working directory could not hold them."""

import base64
from collections.abc import Mapping
from pathlib import PurePosixPath

from sandbox_runner.api.fusion import names
from sandbox_runner.api.fusion.errors import FusionError

# A little less than the directory holds.
_MOST_BYTES = 15 << 20
_MOST_ENTRIES = 1000
_PAGE_BYTES = 4096


def sent_files(files: Mapping[str, str], most_bytes: int) -> dict[str, bytes]:
    """The files by relative path, none longer than `most_bytes`; FusionError says what is wrong."""
    found = {names.relative(name): _decoded(name, content) for name, content in files.items()}
    directories = {str(each) for name in found for each in PurePosixPath(name).parents} - {"."}
    for name, content in found.items():
        if name in directories:
            raise FusionError(f"file {name[:80]!r}: also a directory of another file")
        if len(content) > most_bytes:
            raise FusionError(f"file {name[:80]!r}: more than {most_bytes} bytes")
    if len(found) + len(directories) > _MOST_ENTRIES:
        raise FusionError(f"more than {_MOST_ENTRIES} files and directories")
    if sum(len(content) + _PAGE_BYTES for content in found.values()) > _MOST_BYTES:
        raise FusionError(f"files of more than {_MOST_BYTES} bytes")
    return found


def _decoded(name: str, content: str) -> bytes:
    try:
        return base64.b64decode("".join(content.split()), validate=True)  # which may come in lines
    except ValueError:
        raise FusionError(f"file {name[:80]!r}: not base64") from None

"""Names of files that a client sends or fetches, as paths below the working directory.

The working directory is `/tmp` in the box, so an absolute path below it has a place; any other has none.
"""

from pathlib import PurePosixPath

from sandbox_runner.api.fusion.errors import FusionError

WORKING_DIRECTORY = PurePosixPath("/tmp")  # noqa: S108 - in the box, and of this box alone
IGNORED = "IGNORE_THIS_FILE"
_NAME_BYTES = 255
_PATH_BYTES = 1024


def relative(name: str) -> str:
    """The name as a relative path; FusionError says what is wrong with one that leaves the directory."""
    path = PurePosixPath(name)
    if path.is_absolute():
        if not path.is_relative_to(WORKING_DIRECTORY):
            raise FusionError(
                f"file {name[:80]!r}: absolute paths are possible below {WORKING_DIRECTORY} only"
            )
        path = path.relative_to(WORKING_DIRECTORY)
    if not path.parts or "\0" in name or ".." in path.parts:
        raise FusionError(f"file {name[:80]!r}: not a path below the working directory")
    spelled = [part.encode("utf-8", "surrogatepass") for part in path.parts]
    if max(map(len, spelled)) > _NAME_BYTES or sum(map(len, spelled)) > _PATH_BYTES:
        raise FusionError(f"file {name[:80]!r}: the name is too long")
    return str(path)

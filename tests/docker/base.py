"""The bases of our images: Python's own from a registry or, where none answers, Debian's."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PULL_S = 300
_PACKAGES = "python3,python3-venv,ca-certificates"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# What slim images leave out.
_IDLE = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)


@dataclass(frozen=True, slots=True)
class Base:
    """A base image, under two names."""

    public: str
    release: str
    """Of Debian."""

    @property
    def own(self) -> str:
        """What it is called where we make it."""
        return f"ctrl-base:{self.release}"

    def known(self, within: Sequence[str] = ()) -> str | None:
        """Return the one that this engine has."""
        return next((image for image in (self.own, self.public) if _has(within, image)), None)

    def ensure(self, within: Sequence[str]) -> None:
        """Give the engine one."""
        if self.known(within) is None and not _pulled(within, self.public):
            _make(within, self)


PYTHON = Base("python:3.12.11-slim-bookworm", "bookworm")
NEWER_PYTHON = Base("python:3.13.11-slim-trixie", "trixie")
"""Of the sandbox: forks of Python 3.13 copy fewer pages."""


def pip_is_told(option: str) -> str | None:
    """Return what this machine's pip is configured to use, if it is: an index, or folders of wheels."""
    listed = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, check=False)
    for line in listed.stdout.decode().splitlines():
        name, _, value = line.partition("=")
        if name.endswith(f".{option}"):
            return value.strip("'\"")
    return None


def _has(within: Sequence[str], image: str) -> bool:
    inspected = subprocess.run(
        [*within, "docker", "image", "inspect", image], capture_output=True, check=False
    )
    return inspected.returncode == 0


def _pulled(within: Sequence[str], image: str) -> bool:
    try:
        pulled = subprocess.run(
            [*within, "docker", "pull", image], capture_output=True, timeout=PULL_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return pulled.returncode == 0


def _make(within: Sequence[str], base: Base) -> None:
    print(f"no registry gives {base.public}: making {base.own} from Debian's packages")  # noqa: T201 - a minute's wait
    if shutil.which("debootstrap", path="/usr/sbin:/usr/bin") is None:
        raise SystemExit("no registry answers, and no base can be made: apt-get install debootstrap")
    with tempfile.TemporaryDirectory(prefix="ctrl-base-") as name:
        options = ("--variant=minbase", f"--include={_PACKAGES}")
        subprocess.run(
            [*within, "debootstrap", *options, base.release, name], check=True, capture_output=True
        )
        _slim(Path(name))
        with subprocess.Popen(["tar", "-C", name, "-c", "."], stdout=subprocess.PIPE) as tar:
            imported = [*within, "docker", "import", "-", base.own]
            subprocess.run(imported, stdin=tar.stdout, check=True, capture_output=True)


def _slim(root: Path) -> None:
    for name in _IDLE:
        for path in (root / name).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for cache in root.rglob("__pycache__"):
        shutil.rmtree(cache)
    if _CERTIFICATES.is_file():  # it trusts whom this machine trusts, a proxy's authority included
        shutil.copy(_CERTIFICATES, root / "etc/ssl/certs")

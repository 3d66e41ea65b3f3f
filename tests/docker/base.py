"""The base of our images: Python's own from a registry or, where none answers, Debian's."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

PUBLIC = "python:3.12.11-slim-bookworm"
OWN = "ctrl-base:bookworm"
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


def known_base(within: Sequence[str] = ()) -> str | None:
    """Return the base that this engine has."""
    return next((image for image in (OWN, PUBLIC) if _has(within, image)), None)


def ensure_base(within: Sequence[str]) -> None:
    """Give the engine a base."""
    if known_base(within) is None and not _pulled(within):
        _make(within)


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


def _pulled(within: Sequence[str]) -> bool:
    try:
        pulled = subprocess.run(
            [*within, "docker", "pull", PUBLIC], capture_output=True, timeout=PULL_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return pulled.returncode == 0


def _make(within: Sequence[str]) -> None:
    print(f"no registry gives {PUBLIC}: making {OWN} from Debian's packages")  # noqa: T201 - a minute's wait
    if shutil.which("debootstrap", path="/usr/sbin:/usr/bin") is None:
        raise SystemExit("no registry answers, and no base can be made: apt-get install debootstrap")
    with tempfile.TemporaryDirectory(prefix="ctrl-base-") as name:
        options = ("--variant=minbase", f"--include={_PACKAGES}")
        subprocess.run([*within, "debootstrap", *options, "bookworm", name], check=True, capture_output=True)
        _slim(Path(name))
        with subprocess.Popen(["tar", "-C", name, "-c", "."], stdout=subprocess.PIPE) as tar:
            imported = [*within, "docker", "import", "-", OWN]
            subprocess.run(imported, stdin=tar.stdout, check=True, capture_output=True)


def _slim(root: Path) -> None:
    for name in _IDLE:
        for path in (root / name).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for cache in root.rglob("__pycache__"):
        shutil.rmtree(cache)
    if _CERTIFICATES.is_file():  # it trusts whom this machine trusts, a proxy's authority included
        shutil.copy(_CERTIFICATES, root / "etc/ssl/certs")

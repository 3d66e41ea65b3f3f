"""The disk of a virtual machine: Debian, its kernel, systemd, and what the sandbox and its tests import."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LOCK = ROOT / "requirements.lock"
RELEASE = "bookworm"
_DEBIAN = (
    "dbus,dbus-user-session,libpam-systemd,systemd-sysv",
    "linux-image-cloud-amd64",
    "python3,python3-venv",
)
_PYTHON = (
    "fastapi",
    "httptools",
    "httpx",
    "jinja2",
    "msgspec",
    "numpy",
    "opentelemetry-api",
    "prometheus-client",
    "pydantic-settings",
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "rich",
    "structlog",
    "typer",
    "uvicorn",
)
_NEEDED = ("debootstrap", "mkfs.ext4")
_SIZE = "3G"
# Unpacks the second disk, runs what it holds, and switches the machine off.
_UNIT = """[Service]
Type=oneshot
Environment=HOME=/root TERM=dumb COLUMNS=110 PYTHONDONTWRITEBYTECODE=1
ExecStartPre=/bin/sh -c 'mkdir /job && tar -x -f /dev/vdb -C /job && chmod -R a+rX /job'
ExecStart=/bin/sh /job/run.sh
ExecStopPost=/bin/systemctl poweroff --force --force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
"""


def ensure(folder: Path) -> Path:
    """Return where `disk`, `kernel` and `initrd` are, which this makes unless they are there."""
    recipe = Path(__file__).read_bytes() + _LOCK.read_bytes()
    place = folder / hashlib.sha256(recipe).hexdigest()[:12]
    if not place.exists():
        if any(shutil.which(name, path="/usr/sbin:/sbin:/usr/bin") is None for name in _NEEDED):
            sys.exit("no disk can be made: apt-get install debootstrap e2fsprogs")
        print("making the disk of the virtual machine from Debian's packages: minutes", flush=True)  # noqa: T201
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as name:
            _make(Path(name, "root"), Path(name, "made")).rename(place)
    return place


def _make(root: Path, made: Path) -> Path:
    made.mkdir()
    _run("debootstrap", "--variant=minbase", f"--include={','.join(_DEBIAN)}", RELEASE, str(root))
    _add_python(root)
    _add_unit(root)
    for boot, known_as in (("vmlinuz", "kernel"), ("initrd.img", "initrd")):
        [path] = (root / "boot").glob(f"{boot}-*")
        shutil.copy(path, made / known_as)
    _run("mkfs.ext4", "-q", "-d", str(root), str(made / "disk"), _SIZE)
    return made


def _add_python(root: Path) -> None:
    python = root / "opt/venv/bin/python3"
    _run("chroot", str(root), "python3", "-m", "venv", "--without-pip", "/opt/venv")
    pinned = ("--constraint", str(_LOCK))
    uv = ("uv", "pip", "install", "--quiet", "--compile-bytecode")
    _run(sys.executable, "-m", *uv, "--python", str(python), *pinned, *_PYTHON)


def _add_unit(root: Path) -> None:
    (root / "etc/fstab").write_text("/dev/vda / ext4 rw 0 1\n")
    (root / "etc/systemd/system/job.service").write_text(_UNIT)
    wanted = root / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / "job.service").symlink_to("../job.service")
    (root / "etc/systemd/system/serial-getty@ttyS0.service").symlink_to("/dev/null")  # the console is ours
    shutil.rmtree(root / "var/cache/apt")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)[:200]}: {(done.stdout + done.stderr)[-2000:]}")

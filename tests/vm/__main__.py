"""Run tests as root of a virtual machine: `python -m tests.vm PYTEST-ARGUMENTS`.

It has systemd and cgroup version 2, as most machines have that a sandbox is started on, and nothing else.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.vm import disk

_ENDED = "tests ended with "
# An emulated processor is some thirty times slower. Its clock counts instructions, two nanoseconds each,
# so that programs need no more of their limits.
_PROCESSORS = {
    "kvm": ("-accel", "kvm", "-cpu", "host", "-smp", "2"),
    "tcg": ("-accel", "tcg", "-cpu", "max", "-icount", "shift=1,sleep=off"),
}
_ATTACK_CPU_S = 2
_KERNEL = (
    "root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.show_status=no systemd.unified_cgroup_hierarchy=1"
)


def main() -> int:
    """Return what pytest returned in the machine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--accel", choices=_PROCESSORS, default="tcg", help="kvm where /dev/kvm works: 30 times faster"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("~/.cache/ctrl-vm"), help="where its disk is kept"
    )
    parser.add_argument("--timeout-s", type=float, default=3600)
    options, tests = parser.parse_known_args()
    if shutil.which("qemu-system-x86_64") is None:
        parser.error("qemu-system-x86_64 is missing: apt-get install qemu-system-x86")
    folder = disk.ensure(options.folder.expanduser())
    with tempfile.TemporaryDirectory(prefix="ctrl-vm-") as name:
        job = Path(name, "job.tar")
        _pack(job, tests)
        return _boot(folder, job, options.accel, options.timeout_s)


def _pack(job: Path, tests: Sequence[str]) -> None:
    """Pack the working tree and what is to be done with it."""
    run = job.with_name("run.sh")
    run.write_text(
        "cd /job\n"
        f"export ATTACK_CPU_S={_ATTACK_CPU_S}\n"
        f"/opt/venv/bin/python -m pytest -p no:cacheprovider {shlex.join(tests)}\n"
        f'echo "{_ENDED}$?"\n'
    )
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", ":!weights")
    listed = subprocess.run(listing, cwd=disk.ROOT, capture_output=True, check=True).stdout
    files = ("--null", "--files-from", "-", "--directory", str(job.parent), run.name)
    packing = ("tar", "--create", "--file", str(job), *files)
    subprocess.run(packing, cwd=disk.ROOT, input=listed, check=True)


def _boot(folder: Path, job: Path, accel: str, timeout_s: float) -> int:
    command = (
        *("timeout", str(timeout_s), "qemu-system-x86_64", *_PROCESSORS[accel]),
        *("-machine", "q35", "-m", "3072", "-nographic", "-no-reboot", "-nic", "none"),
        *("-kernel", str(folder / "kernel"), "-initrd", str(folder / "initrd"), "-append", _KERNEL),
        *("-drive", f"file={folder / 'disk'},if=virtio,format=raw,snapshot=on"),
        *("-drive", f"file={job},if=virtio,format=raw,readonly=on"),
    )
    result = 1
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as machine:
        assert machine.stdout is not None
        try:
            for line in machine.stdout:
                print(line, end="", flush=True)  # noqa: T201 - the machine's console
                if line.startswith(_ENDED):
                    result = int(line.removeprefix(_ENDED))
        finally:
            machine.terminate()
    return result


if __name__ == "__main__":
    sys.exit(main())

"""Programs that reach for the host, the service or each other."""

from dataclasses import replace

import pytest

from sandbox_runner.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena, processes_named

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

REFUSED = {
    "read /etc/passwd": "open('/etc/passwd').read()",
    "read /etc/shadow": "open('/etc/shadow').read()",
    "list the root": "os.listdir('/')",
    "list the home": "os.listdir('/root')",
    "read the service's source": "open(bait['source']).read()",
    "read the parent's environment": "open('/proc/%d/environ' % os.getppid()).read()",
    "read the parent's memory": "open('/proc/%d/mem' % os.getppid(), 'rb').read(1)",
    "read init's environment": "open('/proc/1/environ').read()",
    "read the kernel's memory": "open('/dev/mem', 'rb').read(1)",
    "write to /usr": "open('/usr/x', 'w')",
    "write to the standard library": "open(os.__file__, 'a')",
    "write to /dev/shm": "open('/dev/shm/x', 'w')",
    "change a kernel setting": "open('/proc/sys/kernel/hostname', 'w').write('x')",
    "follow a symbolic link out": "os.symlink('/etc/passwd', '/tmp/l'); open('/tmp/l').read()",
    "a hard link": "os.link(os.__file__, '/tmp/l')",
    "a device node": "os.mknod('/tmp/d', 0o600 | 0o020000, os.makedev(1, 1))",
    "change a mode": "os.chmod(os.__file__, 0o777)",
    "change a mode by descriptor": "os.fchmod(os.open(os.__file__, os.O_RDONLY), 0o777)",
    "change an owner": "os.chown(os.__file__, 0, 0)",
    "change a time": "os.utime(os.__file__, (0, 0))",
    "become root": "os.setuid(0); open('/etc/shadow')",
    "connect by TCP": "socket.create_connection(('127.0.0.1', 8080), 1)",
    "connect to the metadata service": "socket.create_connection(('169.254.169.254', 80), 1)",
    "resolve a name": "socket.getaddrinfo('example.com', 80)",
    "a UDP socket": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "a netlink socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "a vsock socket": "socket.socket(40, socket.SOCK_STREAM)",
    "an abstract socket": "socket.socket(socket.AF_UNIX).connect('\\0bus')",
    "a datagram pair": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "run a program": "os.execv('/bin/true', ['true'])",
    "run python again": "import subprocess; subprocess.run(['/usr/bin/python3', '-c', '1'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "fork": "os.fork()",
    "kill the parent": "os.kill(os.getppid(), 9)",
    "kill everyone": "os.kill(-1, 9)",
    "kill the group": "os.killpg(os.getppid(), 9)",
    "kill by descriptor": "signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))",
    "limit the parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))",
    "real-time priority": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))",
    "a higher priority": "os.setpriority(os.PRIO_PROCESS, 0, -20)",
    "a memory file": "os.memfd_create('x')",
    "signals from a descriptor": "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "io_uring": "call(425, 8, 0)",
    "shared memory of System V": "call(29, 0, 4096, 0o1777)",
    "outlive the box": "prctl(1, 0)",
    "a new user namespace by clone": "call(56, 0x10000000 | 17, 0, 0, 0, 0)",
}

_TEMPLATE = """
import ctypes, os, resource, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
def checked(value):
    if value == -1: raise OSError(ctypes.get_errno(), 'refused')
    return value
def call(*a): return checked(libc.syscall(*map(ctypes.c_long, a)))
def prctl(*a): return checked(libc.prctl(*map(ctypes.c_long, a), 0, 0, 0))
def f(bait):
    try:
        {action}
    except (OSError, ValueError, ImportError):
        return 'refused'
    return 'done'
"""


@pytest.mark.parametrize("name", REFUSED)
async def test_an_escape_is_refused(arena: Arena, name: str) -> None:
    code = _TEMPLATE.replace("{action}", REFUSED[name])

    result = await arena.call(code, arg={"source": __file__}, expected="refused")

    assert result.outcome is Outcome.ACCEPTED, result
    await arena.assert_unharmed()


FATAL = {
    "ptrace the parent": "libc.ptrace(16, os.getppid(), 0, 0)",
    "be traced": "libc.ptrace(0, 0, 0, 0)",
    "read another's memory": "libc.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)",
    "mount": "libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0)",
    "unmount": "libc.umount2(b'/proc', 2)",
    "unshare": "libc.unshare(0x10000000)",
    "enter a namespace": "libc.setns(0, 0)",
    "chroot": "libc.chroot(b'/tmp')",
    "bpf": "libc.syscall(321, 0, 0, 0)",
    "perf": "libc.syscall(298, 0, 0, 0, 0, 0)",
    "userfaultfd": "libc.syscall(323, 0)",
    "the keyring": "libc.syscall(250, 0, 0)",
    "load a module": "libc.syscall(313, 0, 0, 0)",
    "reboot": "libc.reboot(0)",
    "a call of the x32 ABI": "libc.syscall(0x40000000 + 39)",
}


@pytest.mark.parametrize("name", FATAL)
async def test_a_call_that_no_honest_program_makes_is_fatal(arena: Arena, name: str) -> None:
    code = f"import ctypes, os\nlibc = ctypes.CDLL(None)\ndef f(x):\n    {FATAL[name]}\n    return 4\n"

    result = await arena.call(code)

    assert result.outcome is Outcome.FORBIDDEN_SYSCALL, result
    await arena.assert_unharmed()


async def test_the_environment_holds_no_secret(
    arena: Arena,
) -> None:
    result = await arena.call("import os\ndef f(x): return sorted(os.environ)")

    assert result.returned == "['HOME', 'LC_ALL', 'PATH', 'PYTHONHASHSEED', 'TZ']"


@pytest.mark.parametrize(
    "orphan",
    [
        "os.setsid()",
        "os.setsid()\n    if os.fork(): os._exit(0)",
        "import signal\n    for n in (1, 2, 3, 13, 15): signal.signal(n, signal.SIG_IGN)",
    ],
    ids=["setsid", "double fork", "deaf"],
)
async def test_a_child_that_was_left_behind_is_gone(namespaced: Arena, orphan: str) -> None:
    named = "import ctypes, os, time\nctypes.CDLL(None).prctl(15, b'left-behind', 0, 0, 0)\n"
    code = named + f"if os.fork() == 0:\n    {orphan}\n    time.sleep(60)\nprint('done')"

    result = await namespaced.script(code, "done", limits=replace(LIMITS, processes=4))

    assert result.outcome is Outcome.ACCEPTED
    assert result.wall_s < 1
    assert processes_named("left-behind") == []


async def test_a_box_sees_only_itself(namespaced: Arena) -> None:
    code = "import os\ndef f(x): return sorted(p for p in os.listdir('/proc') if p.isdigit())"

    result = await namespaced.call(code)

    assert result.returned is not None
    assert len(result.returned.split()) == 1, result


async def test_the_host_is_not_even_visible(namespaced: Arena) -> None:
    paths = [__file__, "/etc", "/home", "/opt", "/sys", "/var"]
    code = "import os\ndef f(paths): return [p for p in paths if os.path.exists(p)]"

    result = await namespaced.call(code, arg=paths, expected=[])

    assert result.outcome is Outcome.ACCEPTED


async def test_a_file_is_not_there_for_the_next_test(namespaced: Arena) -> None:
    code = "import os\nprint(os.path.exists('/tmp/x'))\nopen('/tmp/x', 'w').write('x')"

    results = [await namespaced.script(code, "False") for _ in range(2)]

    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 2

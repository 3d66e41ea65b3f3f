"""D: programs that reach for the network, each other, or what is left of the last one."""

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.attack import Attack, call, fatal, refused

_ACCEPTED = Outcome.ACCEPTED
_FAMILIES = {
    "a netlink socket": "socket.AF_NETLINK, socket.SOCK_RAW",
    "a packet socket": "17, socket.SOCK_RAW",
    "the kernel's ciphers": "38, 5",
    "a vsock socket": "40, socket.SOCK_STREAM",
    "a bluetooth socket": "31, socket.SOCK_RAW, 1",
    "a raw socket": "socket.AF_INET, socket.SOCK_RAW, 1",
    "a ping socket": "socket.AF_INET, socket.SOCK_DGRAM, 1",
    "a UDP socket": "socket.AF_INET, socket.SOCK_DGRAM",
    "an IPv6 socket": "socket.AF_INET6, socket.SOCK_STREAM",
    "a local socket": "socket.AF_UNIX, socket.SOCK_STREAM",
    "an express path socket": "44, socket.SOCK_RAW",
    "a CAN socket": "29, socket.SOCK_RAW, 1",
    "a family behind the 32nd bit": "(1 << 31) - 1, socket.SOCK_STREAM",
}
_LOCKS = """
import fcntl
seen = []
def f(x):
    for path in (os.__file__, '/dev/null'):
        fd = os.open(path, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        try: call(72, fd, 5, bytes(32)); seen.append(path)
        except OSError: pass
    return 4 if not seen else seen
"""
_SYNC = """
def f(x):
    os.sync()
    fd = os.open(os.__file__, os.O_RDONLY)
    os.fsync(fd); os.fdatasync(fd); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    return 4
"""
# System V's objects are used without being opened, and a program need not have made what it names.
_BY_NUMBER = {
    "the value of a semaphore": "call(66, bait['semaphore'], 0, 16, 7)",
    "a turn at a semaphore": "call(65, bait['semaphore'], bytes((0, 0, 1, 0, 0, 8)), 1)",
    "a timed turn at a semaphore": "call(220, bait['semaphore'], bytes((0, 0, 1, 0, 0, 8)), 1, 0)",
    "the end of a semaphore": "call(66, bait['semaphore'], 0, 0, 0)",
    "a message": "[call(70, n, bytes(99), 8, 0, 0o4000) for n in range(99)]",
    "a message to a queue": "[call(69, n, b'\1' + bytes(99), 8, 0o4000) for n in range(99)]",
    "the end of a queue": "[call(71, n, 0, 0) for n in range(99)]",
    "the end of shared memory": "[call(31, n, 0, 0) for n in range(99)]",
}

ATTACKS: tuple[Attack, ...] = (
    refused("D1", "TCP to a public address", "socket.create_connection(('1.1.1.1', 80), 1)"),
    refused("D1", "resolving a name", "socket.getaddrinfo('example.com', 80)"),
    refused(
        "D1", "fetching a page", "import urllib.request as r; r.urlopen('http://example.com', timeout=1)"
    ),
    refused("D2", "the service's own port", "socket.create_connection(('127.0.0.1', bait['port']), 1)"),
    refused("D2", "the metadata service", "socket.create_connection(('169.254.169.254', 80), 1)"),
    refused("D2", "listening", "socket.create_server(('127.0.0.1', 0))"),
    refused("D3", "an abstract socket", "socket.socket(socket.AF_UNIX).connect('\\0bus')"),
    refused("D3", "the Docker socket", "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')"),
    refused(
        "D3",
        "a datagram pair, which can address others",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    ),
    refused("D3", "a packet pair", "socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)"),
    refused("D3", "connecting a pair anew", "socket.socketpair()[0].connect('\\0bus')"),
    refused("D3", "an addressed send", "socket.socketpair()[0].sendto(b'x', '\\0bus')"),
    refused("D3", "sending a descriptor", "socket.send_fds(socket.socketpair()[0], [b'x'], [0])"),
    *(refused("D4", name, f"socket.socket({family})") for name, family in _FAMILIES.items()),
    refused("D5", "shared memory of System V", "call(29, 0, 4096, 0o1777)"),
    refused("D5", "a semaphore of System V", "call(64, 0x41, 1, 0o1666)"),
    refused("D5", "a queue of System V", "call(68, 0x41, 0o1666)"),
    *(refused("D5", f"{name} of another's, by number", action) for name, action in _BY_NUMBER.items()),
    refused("D5", "a message queue", "call(240, b'attack', 0o102, 0o666, 0)"),
    refused("D5", "a named semaphore", "open('/dev/shm/sem.attack', 'w')"),
    refused(
        "D5",
        "named shared memory",
        "from multiprocessing.shared_memory import SharedMemory as S; S('attack', True, 64)",
    ),
    fatal("D6", "the keyring", "libc.syscall(250, 0, 0)"),
    fatal("D6", "a key", "libc.syscall(248, b'user', b'attack', b'x', 1, -4)"),
    fatal("D6", "asking for a key", "libc.syscall(249, b'user', b'attack', 0, -4)"),
    call("D8", "file locks seen by others", _LOCKS, _ACCEPTED),
    call("D8", "the host's disks and caches made busy", _SYNC, _ACCEPTED),
    fatal("D10", "a user namespace", "libc.unshare(0x10000000 | 0x40000000)"),
)

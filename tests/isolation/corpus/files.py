"""C: programs that reach for the file system."""

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.attack import Attack, fatal, refused, script

_ERROR = Outcome.RUNTIME_ERROR

_WRITABLE_ELSEWHERE = (
    "/dev/shm",
    "/var/tmp",
    "/run/lock",
    "/dev/mqueue",
    "/etc",
    "/usr",
    "/",
    "/dev",
    "/proc",
)
_LIBRARY = "os.path.dirname(os.__file__)"
_PLANTS = (
    "site-packages/attack.pth",
    "sitecustomize.py",
    "usercustomize.py",
    "__pycache__/attack.pyc",
    "attack.py",
)
_STRANGE_NAMES = r"""
names = ['attack\n', 'attack\r\x1b[2J', 'attack\u202e', 'attack \udcff', '-rf attack', 'attack' * 40]
for name in names: open('/tmp/' + name, 'w').close()
os.mkdir('/tmp/attack-closed', 0)
os.symlink('/etc', '/tmp/attack-link')
os.symlink('attack-loop', '/tmp/attack-loop')
socket.socketpair()
"""
_ODD_PATHS = r"""
for path in (b'/tmp/\xff\xfe', '/%s%n', '/' * 5000, '/proc/self/fd/99', '', 'x' * 300, '/dev/fd/3/x'):
    try: open(path)
    except OSError: pass
try: open('a\0b')
except ValueError: pass
try: call(2, 0, 0)
except OSError: pass
try: call(257, -100, -1, 0)
except OSError: pass
"""

ATTACKS: tuple[Attack, ...] = (
    refused("C1", "reading /etc/passwd", "open('/etc/passwd').read()"),
    refused("C1", "reading /etc/shadow", "open('/etc/shadow').read()"),
    refused("C1", "reading a key", "open('/root/.ssh/id_rsa').read()"),
    refused("C1", "reading the service's source", "open(bait['source']).read()"),
    refused("C1", "reading the service's source by its module", "import sandbox_runner.judging"),
    refused("C1", "reading a file that all may read", "open(bait['file']).read()"),
    refused(
        "C1", "reading it by a path of many steps", "open('/tmp/../proc/self/root' + bait['file']).read()"
    ),
    refused("C1", "reading its attributes", "os.listxattr(bait['file'])"),
    refused("C2", "listing the root", "os.listdir('/')"),
    refused("C2", "listing a home", "os.listdir('/root')"),
    refused("C2", "listing what is above", "os.chdir('/'); os.listdir('..')"),
    refused("C2", "listing the place of temporary files", "os.listdir(os.path.dirname(bait['file']))"),
    *(
        refused("C3", f"a file left in {place}", f"open('{place}/attack-x', 'w')")
        for place in _WRITABLE_ELSEWHERE
    ),
    refused(
        "C4",
        "a symbolic link out",
        "os.symlink('/etc/passwd', '/tmp/attack-l'); open('/tmp/attack-l').read()",
    ),
    refused("C4", "a link to the parent's root", "os.listdir('/proc/%d/root/' % (os.getppid() or 1))"),
    refused("C5", "a device of the host", "os.open('/dev/ptmx', os.O_RDWR)"),
    refused("C5", "a hard link", "os.link(os.__file__, '/tmp/attack-l')"),
    refused(
        "C5",
        "a hard link of one's own file",
        "open('/tmp/attack-m', 'w').close()\nos.link('/tmp/attack-m', '/tmp/attack-l')",
    ),
    refused(
        "C5",
        "a hard link by descriptor",
        "call(265, os.open(os.__file__, 0), b'', -100, b'/tmp/attack-l', 0x1000)",
    ),
    script(
        "C6",
        "strange names, links and closed directories left behind",
        _STRANGE_NAMES,
        _ERROR,
        Outcome.ACCEPTED,
    ),
    refused("C6", "a socket as a file", "socket.socket(socket.AF_UNIX).bind('/tmp/attack-s')"),
    refused("C10", "writing to /usr", "open('/usr/attack-x', 'w')"),
    refused("C10", "writing to the standard library", "open(os.__file__, 'a')"),
    refused(
        "C10", "emptying a file of the standard library", "os.open(os.__file__, os.O_RDONLY | os.O_TRUNC)"
    ),
    refused("C10", "emptying it by path", "os.truncate(os.__file__, 0)"),
    refused("C10", "removing it", "os.unlink(os.__file__)"),
    refused("C10", "renaming it", "os.rename(os.__file__, '/tmp/attack-x')"),
    *(refused("C10", f"planting {name}", f"open({_LIBRARY} + '/{name}', 'w')") for name in _PLANTS),
    refused("C10", "writing to a file that all may write", "open(bait['file'], 'a')"),
    refused("C10", "emptying a file that all may write", "os.truncate(bait['file'], 0)"),
    refused("C10", "changing a mode", "os.chmod(bait['file'], 0)"),
    refused("C10", "changing a mode by descriptor", "os.fchmod(os.open(os.__file__, os.O_RDONLY), 0o777)"),
    refused("C10", "changing a mode by a younger call", "call(452, -100, bait['file'].encode(), 0, 0)"),
    refused("C10", "changing an owner", "os.chown(os.__file__, 0, 0)"),
    refused("C10", "changing a time", "os.utime(bait['file'], (0, 0))"),
    refused("C10", "changing an attribute", "os.setxattr(bait['file'], 'user.x', b'x')"),
    refused(
        "C10",
        "changing an attribute by a younger call",
        "call(463, -100, bait['file'].encode(), 0, b'user.x', b'x' * 16, 16)",
    ),
    refused(
        "C10", "changing flags", "import fcntl; fcntl.ioctl(os.open(os.__file__, 0), 0x40086602, bytes(8))"
    ),
    refused(
        "C10", "changing flags by a younger call", "call(469, -100, bait['file'].encode(), bytes(24), 24, 0)"
    ),
    refused("C12", "becoming root", "os.setuid(0); open('/etc/shadow')"),
    refused("C12", "a set-user-id program", "os.execv('/bin/su', ['su', '-c', 'true'])"),
    refused("C12", "a pipe with a name", "os.mkfifo('/tmp/attack-p')"),
    refused("C12", "a device node", "os.mknod('/tmp/attack-d', 0o600 | 0o020000, os.makedev(1, 1))"),
    refused("C12", "the kernel's memory", "open('/dev/mem', 'rb').read(1)"),
    refused("C12", "a disk", "open('/dev/vda', 'rb').read(1)"),
    refused("C12", "a terminal", "open('/dev/tty')"),
    fatal("C13", "mounting", "libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0)"),
    fatal("C13", "unmounting", "libc.umount2(b'/proc', 2)"),
    fatal("C13", "another root", "libc.syscall(155, b'/tmp', b'/tmp')"),
    fatal("C13", "a new root directory", "libc.chroot(b'/tmp')"),
    fatal("C13", "opening a file system", "libc.syscall(430, b'tmpfs', 0)"),
    fatal("C13", "opening a tree", "libc.syscall(428, -100, b'/', 1)"),
    fatal("C13", "moving a mount", "libc.syscall(429, 0, 0, 0, 0, 0)"),
    fatal("C13", "the attributes of a mount", "libc.syscall(442, 0, 0, 0, 0, 0)"),
    fatal("C13", "a file by its handle", "libc.syscall(304, 0, 0, 0)"),
    refused("C13", "a tree with attributes, by a younger call", "call(467, -100, b'/', 1, 0, 0)"),
    refused("C13", "listing mounts, by a younger call", "call(458, b'x' * 64, b'x' * 64, 8, 0)"),
    refused(
        "C13",
        "leaving by an open directory",
        "fd = os.open('/', 0x200000); os.listdir(os.open('../../etc', 0, dir_fd=fd))",
    ),
    refused("C13", "a lookup out of a filter's sight", "call(437, -100, b'/etc/passwd', bytes(24), 24)"),
    refused("C14", "a kernel setting", "open('/proc/sys/kernel/hostname', 'w').write('x')"),
    refused("C14", "/sys", "os.listdir('/sys')"),
    refused("C14", "the root behind /proc", "open('/proc/self/root/etc/passwd').read()"),
    refused("C14", "mapped files", "maps = '/proc/self/map_files/'; os.open(maps + os.listdir(maps)[0], 0)"),
    refused("C14", "one's own oom score", "open('/proc/self/oom_score_adj', 'w').write('-1000')"),
    refused("C14", "the name of a task", "open('/proc/self/comm', 'w').write('x')"),
    refused("C14", "kernel addresses", "open('/proc/kallsyms').read()"),
    refused("C14", "the kernel's log", "open('/proc/kmsg').read(); open('/dev/kmsg').read()"),
    refused("C14", "pressing the magic key", "open('/proc/sysrq-trigger', 'w').write('h')"),
    refused("C14", "the load and uptime of the host", "open('/proc/uptime').read()"),
    refused("C14", "the processes of the host", "open('/proc/loadavg').read()"),
    script("C16", "paths that are no paths", _ODD_PATHS, Outcome.ACCEPTED),
)

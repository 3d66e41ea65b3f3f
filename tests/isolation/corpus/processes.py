"""B: programs that reach for other processes, or will not end."""

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.attack import Attack, call, fatal, forking, refused, script

_ACCEPTED, _TIME, _ERROR = Outcome.ACCEPTED, Outcome.TIME_LIMIT, Outcome.RUNTIME_ERROR
_UNHEARD = (Outcome.NO_RESULT, Outcome.WRONG_ANSWER)

# The name is what the invariants look for on the whole machine.
_NAMED = "prctl(15, ctypes.cast(ctypes.c_char_p(b'attack-orphan'), ctypes.c_void_p).value)\n"
_ORPHAN = _NAMED + "if os.fork() == 0:\n    {0}\n    time.sleep(60)\n    os._exit(0)\n"
_DEAF = (
    "for n in set(signal.Signals) - {9, 19, 17}:\n"
    "        try: signal.signal(n, signal.SIG_IGN)\n"
    "        except (OSError, ValueError): pass"
)
_DEAF_LOOP = (
    "for n in set(signal.Signals) - {9, 19}:\n"
    "    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
    "while True: pass"
)
_BLOCKED_LOOP = "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"
_REAPER = (
    "prctl(36, 1)\n" + _NAMED + "if os.fork() == 0:\n"
    "    if os.fork() == 0: time.sleep(60)\n    os._exit(0)\nos.wait()\n"
)
_SIGNAL_INIT = """
for number in range(1, 65):
    try: os.kill(1, number)
    except OSError: pass
os.kill(-1, 0)
"""
_TRACEE = """
child = os.fork()
if child == 0: time.sleep(9)
libc.ptrace(16, child, 0, 0)
"""
_KILL_TIMER = """
class Event(ctypes.Structure):
    _fields_ = [('value', ctypes.c_void_p), ('signo', ctypes.c_int), ('notify', ctypes.c_int), ('tid', ctypes.c_int)]
timer = ctypes.c_long()
event = (ctypes.c_char * 64)()
ctypes.memmove(event, ctypes.byref(Event(0, 9, 4, {0})), ctypes.sizeof(Event))
call(222, 1, ctypes.byref(event), ctypes.byref(timer))
"""

ATTACKS: tuple[Attack, ...] = (
    forking("B1", "a child that left its session", _ORPHAN.format("os.setsid()"), _ACCEPTED),
    forking("B1", "a daemon", _ORPHAN.format("os.setsid()\n    if os.fork(): os._exit(0)"), _ACCEPTED),
    forking("B1", "a deaf child", _ORPHAN.format(_DEAF), _ACCEPTED),
    forking("B1", "a stopped child", _ORPHAN.format("os.kill(os.getpid(), 19)"), _ACCEPTED),
    forking("B1", "a child whose parent reaps in the box's place", _REAPER, _ACCEPTED),
    refused("B1", "outliving the box", "prctl(1, 0)"),
    script("B2", "a loop deaf to signals", _DEAF_LOOP, _TIME),
    script("B2", "a loop that blocks every signal", _BLOCKED_LOOP, _TIME),
    refused("B3", "killing everyone", "os.kill(-1, 9)"),
    refused("B3", "killing the group", "os.killpg(0, 9)"),
    refused("B3", "killing the parent's group", "os.killpg((os.getppid() or 1), 9)"),
    refused("B3", "killing init", "os.kill(1, 9)"),
    forking("B3", "every signal to the box", _SIGNAL_INIT, _ACCEPTED, Outcome.RUNTIME_ERROR),
    refused("B3", "a queued signal to init", "call(129, 1, 9, 0)"),
    refused("B4", "killing the parent", "os.kill((os.getppid() or 1), 9)"),
    refused("B4", "killing the service", "os.kill(bait['pid'], 9)"),
    refused("B4", "killing by descriptor", "signal.pidfd_send_signal(os.pidfd_open((os.getppid() or 1)), 9)"),
    refused("B4", "killing by a directory of /proc", "signal.pidfd_send_signal(os.open('/proc/self', 0), 9)"),
    refused("B4", "a thread of the parent", "call(234, (os.getppid() or 1), (os.getppid() or 1), 9)"),
    refused("B4", "a signal by input", "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, (os.getppid() or 1))"),
    refused("B4", "a signal by input, by ioctl", "import fcntl; fcntl.ioctl(0, 0x8901, b'\\1\\0\\0\\0')"),
    script("B4", "a timer that kills the parent", _KILL_TIMER.format("(os.getppid() or 1)"), _ERROR),
    fatal("B5", "tracing the parent", "libc.ptrace(16, (os.getppid() or 1), 0, 0)"),
    fatal("B5", "being traced", "libc.ptrace(0, 0, 0, 0)"),
    forking("B5", "tracing a child of one's own", _TRACEE, Outcome.FORBIDDEN_SYSCALL),
    refused("B6", "the parent's memory", "open('/proc/%d/mem' % (os.getppid() or 1), 'rb').read(1)"),
    refused("B6", "the parent's environment", "open('/proc/%d/environ' % (os.getppid() or 1)).read()"),
    refused("B6", "the parent's descriptors", "os.listdir('/proc/%d/fd' % (os.getppid() or 1))"),
    refused("B6", "init's environment", "open('/proc/1/environ').read()"),
    refused("B6", "the service's environment", "open('/proc/%d/environ' % bait['pid']).read()"),
    refused("B6", "the service's descriptors", "os.listdir('/proc/%d/fd' % bait['pid'])"),
    refused("B6", "one's own memory as a file", "open('/proc/self/mem', 'rb').read(1)"),
    fatal("B7", "reading another's memory", "libc.process_vm_readv((os.getppid() or 1), 0, 0, 0, 0, 0)"),
    fatal("B7", "writing another's memory", "libc.process_vm_writev((os.getppid() or 1), 0, 0, 0, 0, 0)"),
    fatal("B7", "taking a descriptor", "libc.syscall(438, 0, 0, 0)"),
    fatal("B7", "advising another's memory", "libc.syscall(440, 0, 0, 0, 0, 0)"),
    fatal("B7", "reaping another's memory", "libc.syscall(448, 0, 0)"),
    fatal("B7", "comparing processes", "libc.syscall(312, 1, os.getpid(), 0, 0, 0)"),
    fatal("B7", "moving another's pages", "libc.syscall(279, (os.getppid() or 1), 0, 0, 0, 0, 0)"),
    call("B9", "closing every descriptor", "def f(x):\n    os.closerange(0, 1024)\n    return 4", *_UNHEARD),
    call("B9", "closing standard streams", "def f(x):\n    os.closerange(0, 3)\n    os._exit(0)", *_UNHEARD),
    call(
        "B9", "input in place of the report", "def f(x):\n    os.dup2(0, 3)\n    return 4", _ERROR, *_UNHEARD
    ),
    refused("B11", "running a program", "os.execv('/bin/true', ['true'])"),
    refused(
        "B11", "running python again", "import subprocess; subprocess.run(['/usr/bin/python3', '-c', '1'])"
    ),
    refused("B11", "spawning", "os.posix_spawn('/bin/true', ['true'], {})"),
    refused("B11", "a program in memory", "os.memfd_create('x')"),
    refused("B11", "a program by descriptor", "call(322, os.open(os.__file__, 0), b'', 0, 0, 0x1000)"),
    refused("B11", "forking", "os.fork()"),
    refused("B11", "a shell", "checked(os.system('true') and -1)"),
    refused("B12", "real-time priority", "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))"),
    refused("B12", "a deadline", "call(314, 0, bytes([48, 0, 0, 0, 6]) + bytes(43), 0)"),
    refused("B12", "a higher priority", "os.setpriority(os.PRIO_PROCESS, 0, -20)"),
    refused("B12", "a CPU of one's choice", "os.sched_setaffinity(0, {0})"),
    refused("B12", "the parent's CPU", "os.sched_setaffinity((os.getppid() or 1), {0})"),
    refused("B12", "disk priority", "call(251, 1, 0, 0x2000)"),
    refused("B13", "a user namespace by clone", "call(56, 0x10000000 | 17, 0, 0, 0, 0)"),
    refused("B13", "a network namespace by clone", "call(56, 0x40000000 | 17, 0, 0, 0, 0)"),
    refused("B13", "flags behind the 32nd bit", "call(56, (1 << 33) | 17, 0, 0, 0, 0)"),
    refused("B13", "clone3", "call(435, b'\\0' * 64, 64)"),
    refused("B13", "vfork", "call(58)"),
    refused("B13", "a process that shares memory", "call(56, 0x100 | 17, 0, 0, 0, 0)"),
    fatal("B13", "unshare", "libc.unshare(0x10000000)"),
    fatal("B13", "entering a namespace", "libc.setns(0, 0)"),
)

"""A: programs that want more than they may have."""

from dataclasses import replace

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.attack import Attack, forking, refused, script

_TIME, _MEMORY, _OUTPUT = Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT, Outcome.OUTPUT_LIMIT
_ERROR, _BAD_SOURCE, _ACCEPTED = Outcome.RUNTIME_ERROR, Outcome.COMPILE_ERROR, Outcome.ACCEPTED
_ANY_END = (_TIME, _MEMORY, _ERROR)
_MIB = 1 << 20

_SPIN_ON_THE_CLOCK = "while time.process_time() < 1:\n    for _ in range(1000): time.monotonic()"
_THREADS = """
def spin():
    while True: pass
for _ in range(8): threading.Thread(target=spin).start()
"""
_BURN = """
def burn(seconds):
    while time.process_time() < seconds: pass
"""
_TWO_BUSY = _BURN + "if os.fork() == 0:\n    burn(0.25)\n    os._exit(0)\nburn(0.2)\nos.wait()"
_SHORT_LIVED = (
    _BURN
    + """
for _ in range(12):
    if os.fork() == 0:
        burn(0.03)
        os._exit(0)
    os.wait()
"""
)
# Ends when the last child has, which the program learns without a wait: however slow the machine, what
# they use is above the limit by then.
_LAST_ONE_OUT = "\nos.close(theirs)\nos.read(ours, 1)\n"
_FORGOTTEN = (
    _BURN
    + "ours, theirs = os.pipe()\n"
    + "for _ in range(3):\n    if os.fork() == 0:\n        burn(0.2)\n        os._exit(0)"
    + _LAST_ONE_OUT
)
_WAITED_FOR = "for _ in range(3):\n    if os.fork() == 0:\n        while True: pass\nos.wait()"
_UNREAPED = "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n" + _FORGOTTEN
_NO_WAIT_FLAG = (
    "action = (ctypes.c_ulong * 4)(0, 0x2 | 0x04000000, 0, 0)\n"
    "call(13, signal.SIGCHLD, ctypes.byref(action), 0, 8)\n" + _FORGOTTEN
)
_STRANGE_CLONES = (
    _BURN
    + """
ours, theirs = os.pipe()
for flags in (0, 0x8000 | 17, 0x8000):
    if call(56, flags, 0, 0, 0, 0) == 0:
        burn(0.2)
        os._exit(0)
"""
    + _LAST_ONE_OUT
)
_FORK_BOMB = "while True:\n    try: os.fork()\n    except OSError: pass"
_LONE_THREAD = """
def spin():
    while True: pass
threading.Thread(target=spin).start()
libc.syscall(60, 0)
"""
# Machine code that clones a thread which only pauses: its price is none of memory that a limit counts.
_BARE_THREADS = r"""
import struct
pause = b'\xb8\x22\0\0\0\x0f\x05\xeb\xf7'
page = mmap.mmap(-1, 4096, prot=7)
stack = ctypes.addressof(ctypes.c_char.from_buffer(page)) + 4000
clone = b'\xb8\x38\0\0\0\xbf' + struct.pack('<I', 0x50F00) + b'\x48\xbe' + struct.pack('<Q', stack)
page.write(clone + b'\x31\xd2\x4d\x31\xd2\x4d\x31\xc0\x0f\x05\x85\xc0\x75\x09' + pause + b'\xc3')
start = ctypes.CFUNCTYPE(ctypes.c_long)(stack - 4000)
made = 0
while made < 1000 and 0 < start() < 1 << 31: made += 1
if made > 100: os.write(1, b'%d threads' % made)
os._exit(0)
"""
_RECURSION_IN_C = """
sys.setrecursionlimit(10**9)
class A:
    def __getattr__(self, n): return getattr(self, n + 'x')
A().b
"""
_TURNS = "while True:\n    os.write(1, b'x' * 65536)\n    os.write(2, b'y' * 65536)"
_SWALLOWED = (
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "while True:\n    try: print('x' * 1000, flush=True)\n    except OSError: pass"
)
_FILL_SCRATCH = "for i in range(99): open(f'/tmp/attack-{i}', 'wb').write(bytes(1 << 20))"
_NEST = """
for i in range(100_000):
    os.mkdir('attack-deep')
    os.chdir('attack-deep')
"""
_LONG_NAMES = _NEST.replace("'attack-deep'", "'attack-' + 'd' * 240")
_TIMERS = """
timer = ctypes.c_long()
while True: checked(libc.timer_create(1, None, ctypes.byref(timer)))
"""
_TIMER_STORM = """
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
while True: pass
"""
_PIPES = """
import fcntl
while True:
    _, end = os.pipe()
    fcntl.fcntl(end, 1031, 1 << 20)
    os.write(end, bytes(1 << 20))
"""
_MAPPINGS = """
held = mmap.mmap(-1, 400 << 20, mmap.MAP_PRIVATE)
for offset in range(0, 400 << 20, 8192): held.madvise(mmap.MADV_DONTFORK, offset, 4096)
while True: pass
"""
_LIMITS = ("CPU", "AS", "DATA", "FSIZE", "MEMLOCK", "MSGQUEUE", "SIGPENDING")
_RAISE = "resource.setrlimit(resource.RLIMIT_{0}, (resource.RLIM_INFINITY,) * 2)"
_RAISED_CPU = (
    "try: resource.setrlimit(resource.RLIMIT_CPU, (9999, 9999))\n"
    "except (OSError, ValueError): pass\nwhile True: pass"
)

ATTACKS: tuple[Attack, ...] = (
    script("A1", "a busy loop", "while True: pass", _TIME),
    script("A2", "a sleeper", "time.sleep(1e9)", _TIME, wall_s=0.4),
    script("A2", "a program that stops itself", "os.kill(os.getpid(), signal.SIGSTOP)", _TIME, wall_s=0.4),
    script(
        "A2", "a wait for nobody", "threading.Lock().acquire()\nthreading.Event().wait()", _TIME, wall_s=0.4
    ),
    script("A2", "a pause", "while True: signal.pause()", _TIME, wall_s=0.4),
    script("A3", "spinning on the clock", _SPIN_ON_THE_CLOCK, _TIME),
    script("A4", "busy threads", _THREADS, _TIME),
    script("A4", "a busy thread without its main thread", _LONE_THREAD, _TIME),
    forking("A4", "two busy processes", _TWO_BUSY, _TIME),
    forking("A4", "children busy for ever", _WAITED_FOR, _TIME),
    forking("A4", "many busy children, each too short to be seen", _SHORT_LIVED, _TIME),
    forking("A4", "children nobody waits for", _FORGOTTEN, _TIME),
    forking("A4", "children that are reaped unseen", _UNREAPED, _ERROR),
    forking("A4", "children that are reaped unseen, by a flag", _NO_WAIT_FLAG, _ERROR),
    forking("A4", "children that signal nothing, and brothers", _STRANGE_CLONES, _TIME, _ERROR),
    script("A5", "a fork bomb", "while True: os.fork()", _ERROR),
    forking("A5", "a fork bomb that may fork", _FORK_BOMB, _TIME, _MEMORY, processes=8, wall_s=0.8),
    script(
        "A6",
        "a thread bomb",
        "while True: threading.Thread(target=time.sleep, args=(99,)).start()",
        *_ANY_END,
    ),
    replace(script("A6", "threads that share one stack", _BARE_THREADS, _ACCEPTED), needs_namespaces=True),
    script("A7", "ten gigabytes", "bytearray(10**10)", _MEMORY),
    script("A7", "ten gigabytes, kept quiet", "try: bytearray(10**10)\nexcept MemoryError: raise", _MEMORY),
    script(
        "A8", "slow growth", "a = []\nwhile True: a.append(bytearray(b'x' * (1 << 20)))", _MEMORY, cpu_s=3
    ),
    script(
        "A8",
        "shared memory",
        "m = mmap.mmap(-1, 200 << 20)\nfor i in range(0, 200 << 20, 4096): m[i] = 1",
        _MEMORY,
        _ERROR,
        cpu_s=2,
    ),
    script("A8", "a mapping cut into pieces", _MAPPINGS, *_ANY_END),
    script("A9", "endless recursion", "sys.setrecursionlimit(10**9)\ndef g(): return [g()]\ng()", *_ANY_END),
    script("A9", "recursion in C", _RECURSION_IN_C, *_ANY_END),
    script(
        "A9",
        "recursion in C on a stack without limit",
        _RAISE.format("STACK") + _RECURSION_IN_C,
        *_ANY_END,
        cpu_s=3,
    ),
    script(
        "A9",
        "a large stack",
        "threading.stack_size(1 << 30)\nthreading.Thread(target=int).start()",
        *_ANY_END,
    ),
    script("A10", "endless print", "while True: print('x' * 1000)", _OUTPUT),
    script("A10", "endless print with the error swallowed", _SWALLOWED, _OUTPUT),
    script("A11", "endless print without a line end", "while True: sys.stdout.write('x' * 100_000)", _OUTPUT),
    script("A11", "endless stderr", "while True: sys.stderr.write('x' * 1000)", _OUTPUT),
    script("A11", "both streams in turn", _TURNS, _OUTPUT),
    script("A11", "an output made large at a stroke", "os.ftruncate(1, 1 << 40)", _OUTPUT, _ERROR),
    script("A11", "an output with a hole", "os.lseek(1, 1 << 30, 0)\nos.write(1, b'x')", _OUTPUT, _ERROR),
    script("A11", "an output allocated unseen", "call(285, 1, 1, 0, 1 << 36)", _OUTPUT, _ERROR),
    script(
        "A11",
        "a report of many small objects, with leave to print much",
        "os.write(3, b'{\"value\":[' + b'[],' * 10_000_000 + b'0]}')",
        _OUTPUT,
        output_bytes=64 << 20,
    ),
    script("A11", "a report without end", "while True: os.write(3, b'x' * 65536)", _OUTPUT),
    script("A11", "a report with a hole", "os.ftruncate(3, 1 << 40)", _OUTPUT, _ERROR),
    script("A13", "a large file", "open('/tmp/attack-x', 'wb').write(bytes(64 << 20))", _OUTPUT, _ERROR),
    script("A13", "a full scratch directory", _FILL_SCRATCH, _ERROR),
    script(
        "A13",
        "a hundred gigabytes allocated",
        "os.posix_fallocate(os.open('/tmp/attack-x', 66), 0, 10**11)",
        _OUTPUT,
        _ERROR,
    ),
    script(
        "A14", "many files", "for i in range(10**6): open(f'/tmp/attack-{i}', 'w').close()", _ERROR, _TIME
    ),
    script("A14", "deep directories", "os.chdir('/tmp')" + _NEST, _ERROR, _TIME),
    script("A14", "a path longer than paths may be", "os.chdir('/tmp')" + _LONG_NAMES, _ERROR, _TIME),
    script("A15", "every descriptor", "while True: os.dup(0)", _ERROR),
    script("A15", "every pipe, filled", _PIPES, _ERROR, _TIME),
    script("A15", "every timer", _TIMERS, _ERROR),
    script("A15", "a storm of alarms", _TIMER_STORM, _TIME),
    refused("A17", "a program with huge arguments", "os.execv('/bin/true', ['x' * 100_000] * 20)"),
    refused(
        "A17", "a program with a huge environment", "os.execve('/bin/true', ['true'], {'x': 'y' * 10**7})"
    ),
    script("A18", "reading /dev/zero", "open('/dev/zero', 'rb').read()", _MEMORY, cpu_s=3),
    script("A18", "reading /dev/urandom", "open('/dev/urandom', 'rb').read()", _MEMORY, _TIME),
    refused("A19", "all memory locked", "checked(libc.mlockall(3))"),
    refused("A19", "one page locked", "checked(libc.mlock(ctypes.create_string_buffer(4096), 4096))"),
    refused("A19", "a locked mapping", "mmap.mmap(-1, 1 << 20, 0x2001 | 0x20)"),
    refused("A19", "huge pages", "mmap.mmap(-1, 4 << 20, 0x40000 | 0x22)"),
    *(refused("A21", f"a raised {name} limit", _RAISE.format(name)) for name in _LIMITS),
    refused("A21", "a limit raised for oneself by number", "resource.prlimit(os.getpid(), 0, (9999, 9999))"),
    refused(
        "A21", "a limit of the parent", "resource.prlimit((os.getppid() or 1), resource.RLIMIT_CPU, (0, 0))"
    ),
    script("A21", "a raised CPU limit that is used", _RAISED_CPU, _TIME),
    script("A23", "a nested source", "(" * 100_000, _BAD_SOURCE),
    script("A23", "a source that is one deep expression", "x = " + "-" * 200_000 + "1", _BAD_SOURCE),
    script("A23", "a source of zero bytes", "\0" * 1_000, _BAD_SOURCE),
    script("A23", "a number of a million digits", "x = " + "9" * 1_000_000, _BAD_SOURCE),
    script(
        "A23",
        "a constant that is folded",
        "x = ((((1 << 30) ** 2) ** 2) ** 2) ** 99999999",
        *_ANY_END,
        _BAD_SOURCE,
    ),
    script("A23", "a literal of many megabytes", "x = '" + "x" * 900_000 + "' * 10**10", _MEMORY),
    script(
        "A23", "many small objects", "x = [" + "[]," * 300_000 + "]", *_ANY_END, _BAD_SOURCE, Outcome.ACCEPTED
    ),
    script(
        "A23",
        "a source that compiles itself",
        "compile('(' * 90 + ')' * 90 + '+1' * 10**6, 'x', 'exec')",
        *_ANY_END,
    ),
)

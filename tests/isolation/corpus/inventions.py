"""X: programs on nobody's list: corners of system calls, of the interpreter, and of our own reports."""

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.attack import Attack, call, fatal, forking, printing, refused, script

_ACCEPTED, _TIME, _MEMORY = Outcome.ACCEPTED, Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT
_ERROR, _WRONG, _NONE = Outcome.RUNTIME_ERROR, Outcome.WRONG_ANSWER, Outcome.NO_RESULT
_BAD_SOURCE, _FORBIDDEN = Outcome.COMPILE_ERROR, Outcome.FORBIDDEN_SYSCALL

_PRCTL = {
    "a filter of one's own": "22, 2, id(prctl)",
    "the map of memory": "35, 1, 0x1000",
    "privileges again": "38, 0",
    "kept capabilities": "28, 0xFF",
    "being dumped when it crashes": "4, 1",
    "an ambient capability": "47, 2, 21",
    "a capability back": "24, 64",
    "merging with the memory of others": "67, 1",
    "a core of its own": "62, 1, 0, 1, 0",
    "a scheduling cookie of the parent": "62, 1, (os.getppid() or 1), 1, 0",
    "flushing for others": "57, 1",
    "a death signal, behind the 32nd bit": "(1 << 32) | 1, 0",
}
_CAPABILITIES = "call(126, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6))"
_REFUSED = {
    "all capabilities": _CAPABILITIES,
    "root's groups": "os.setgroups([0])",
    "another group": "os.setgid(1)",
    "merging pages with those of others": "checked(libc.madvise(ctypes.c_void_p(id(call) & ~4095), 4096, 12))",
    "a wall of one's own": "call(317, 1, 0, id(call))",
    "Landlock's rules": "call(444, (ctypes.c_uint64 * 3)(1, 0, 0), 8, 0)",
    "sealing another call's memory": "call(462, id(call) & ~4095, 4096, 0)",
    "a watch on files": "call(254, call(294, 0), b'/', 0xFFF)",
    "a notice of changes": "import fcntl; fcntl.fcntl(os.open(os.__file__, 0), 1026, 0x3F)",
    "a lease on the library": "import fcntl; fcntl.fcntl(os.open(os.__file__, 0), 1024, 0)",
    "who locked the library": "import fcntl; call(72, os.open(os.__file__, 0), 5, bytes(32))",
    "the owner of a namespace": "import fcntl; fcntl.ioctl(os.open('/proc/self/ns/net', 0), 0xB701)",
    "freezing a disk": "import fcntl; fcntl.ioctl(os.open(os.__file__, 0), 0xC0045877, 0)",
    "cloning a file of the library": "import fcntl; fcntl.ioctl(1, 0x40049409, os.open(os.__file__, 0))",
    "typing into a terminal": "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
    "a terminal of one's own": "os.openpty()",
    "pages moved into a pipe": "call(278, os.pipe()[1], b'\\0' * 16, 1, 0)",
    "memory policy": "call(237, 0x28, b'x', 1, 0, 0, 0)",
    "another's robust locks": "call(274, (os.getppid() or 1), id(call), id(call)); raise OSError",
    "a signal to a thread of init": "call(234, 1, 1, 9)",
    "a signal to oneself behind the 32nd bit": "call(62, (7 << 32) | (os.getppid() or 1), 0)",
    "a limit of the service": "call(302, bait['pid'], 0, 0, b'x' * 16)",
    "a child of the parent": "call(56, 0x8000 | 17, 0, 0, 0, 0)",
    "a child that shares descriptors": "call(56, 0x400 | 17, 0, 0, 0, 0)",
    "a browser": "import webbrowser; assert not webbrowser.open('http://127.0.0.1'); raise OSError",
    "core files, forbidden anew": "resource.setrlimit(resource.RLIMIT_CORE, (0, 1))",
    "core files, by number": "resource.prlimit(0, resource.RLIMIT_CORE, (0, 0))",
    "a program for packets": "socket.socketpair()[0].setsockopt(1, 26, bytes(16))",
    "the cgroup": "open('/sys/fs/cgroup/memory/memory.limit_in_bytes', 'w')",
}
_HANDLED_CRASH = "signal.signal(signal.SIGSEGV, lambda *a: None)\nctypes.string_at(1)"
_HANDLED_FILTER = "signal.signal(signal.SIGSYS, lambda *a: None)\nlibc.ptrace(0, 0, 0, 0)"
_FATAL_IN_THREAD = (
    "t = threading.Thread(target=lambda: libc.ptrace(0, 0, 0, 0)); t.start(); t.join(); time.sleep(9)"
)
_BYTECODE = """
import opcode, types
def g(): pass
def f(x):
    for code in (bytes([100, 255] * 9), bytes([83, 0]), bytes(range(256)), bytes([opcode.opmap['JUMP_BACKWARD'], 99])):
        made = g.__code__.replace(co_code=code, co_consts=(), co_stacksize=1)
        eval(made)
    return 5
"""
_REFERENCES = "def f(x):\n    ctypes.memset(id(None), 0, 8)\n    ctypes.memset(id(int), 0, 400)\n    return [int(), None]"
_OVERWRITE_CODE = """
def f(x):
    address = ctypes.cast(libc.write, ctypes.c_void_p).value & ~4095
    checked(libc.mprotect(ctypes.c_void_p(address), 8192, 7))
    ctypes.memset(address, 0xCC, 8192)
    return 5
"""
_OVERWRITE_INTERPRETER = """
def f(x):
    address = ctypes.cast(ctypes.pythonapi.PyNumber_Add, ctypes.c_void_p).value & ~4095
    checked(libc.mprotect(ctypes.c_void_p(address), 4096, 7))
    ctypes.memset(address, 0xCC, 4096)
    return x + len(str(x))
"""
_BEHIND_INTERPRETER = """
with open('/proc/self/maps') as maps:
    place = next((line.split()[0] for line in maps if 'xp' in line and 'interpreter' in line), 'none')
open('/proc/self/map_files/' + place, 'r+b')"""
_LOST_MODULES = (
    "import builtins\ndef f(x):\n    sys.modules.clear()\n    vars(builtins).clear()\n    return 5"
)
_ENDLESS_FLUSH = "class E:\n    def flush(self):\n        while True: pass\n    write = print\ndef f(x):\n    sys.stdout = E()\n    return 5"
_ENDLESS_EXIT = "import atexit\ndef spin():\n    while True: pass\natexit.register(spin)"
_STRANGE_ERRORS = {
    "its text raises": "class E(Exception):\n    def __str__(self): raise E\ndef f(x): raise E",
    "its text is endless": "class E(Exception):\n    def __str__(self): return 'x' * (40 << 20)\ndef f(x): raise E",
    "its name is long": "E = type('E' * 1_000_000, (Exception,), {})\ndef f(x): raise E",
    "its name is no text": "E = type('\\ud800\\x1b[2J', (Exception,), {})\ndef f(x): raise E('\\ud800\\x1b]0;x\\7')",
    "it is its own cause": "def f(x):\n    e = ValueError()\n    e.__cause__ = e.__context__ = e\n    raise e",
    "it has a thousand causes": (
        "def f(x):\n    e = None\n    for n in range(1000):\n        new = ValueError(n)\n        new.__cause__ = e\n        e = new\n    raise e"
    ),
    "it is a nest of groups": (
        "def f(x):\n    e = ValueError()\n    for n in range(3000): e = ExceptionGroup('x', [e])\n    raise e"
    ),
    "it is a syntax error that lies": (
        "def f(x):\n    e = SyntaxError('x')\n    e.filename, e.lineno, e.text = 'solution.py', [], 'y' * 9**7\n    raise e"
    ),
    "it claims to be ours": "def f(x): raise MemoryError",
    "its notes are endless": "def f(x):\n    e = ValueError()\n    e.__notes__ = ['x' * 1000] * 10_000\n    raise e",
    "its traceback is long": "def f(x, n=900): return f(x, n - 1) if n else 1 / 0",
}
_SOURCES = {
    "of an undefined encoding": "# coding: undefined\nx = 1",
    "of a secret encoding": "# coding: utf-7\n+AGYAbwBv-",
    "of an encoding that is a path": "# coding: ../../etc/passwd\n",
    "with a hundred levels": "\n".join(" " * n + "if 1:" for n in range(150)) + "\n" + " " * 150 + "pass",
    "that is one line of names": "x = " + "a." * 400_000 + "b",
    "with a chain of calls": "x = a" + "()" * 300_000,
    "with nested texts": "x = " + "f'{" * 200 + "1" + "}'" * 200,
    "of half characters": "x = '\ud800'",
}
_LOOPS = {
    "a regular expression": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "a power": "pow(7, (1 << 10**5) - 1, (1 << 10**5) + 1)",
    "a hash for all": "class A:\n    def __hash__(self): return 1\n    def __eq__(self, o): return self is o\n{A(): 0 for _ in range(10**5)}",
    "one call of C": "sum(range(10**12))",
    "sleeping in short naps": "while True: time.sleep(0)",
    "barriers": "while True: libc.syscall(324, 1, 0, 0)",
    "a switch interval without end": (
        "sys.setswitchinterval(1e9)\nthreading.Thread(target=sum, args=(range(10**12),)).start()"
    ),
}
_WAITS = {
    "a futex": "call(202, b'\\0' * 8, 0, 0, 0)",
    "input that never comes": "import select\nselect.select([os.pipe()[0]], [], [])",
    "a thread that will not end": "threading.Thread(target=time.sleep, args=(9,)).start()",
    "a stopped thread": "threading.Thread(target=lambda: signal.pthread_kill(threading.main_thread().ident, 19)).start()",
    "a pipe that is full": "os.write(os.pipe()[1], bytes(1 << 20))",
}
_SIGBUS = """
fd = os.open('/tmp/attack-hole', os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 3 << 20)
held = mmap.mmap(fd, 3 << 20)
os.ftruncate(fd, 0)
held[0] = 1
"""
_SHARED_STREAM = """
held = mmap.mmap(os.dup(1), 4096) if os.ftruncate(1, 4096) is None else None
if os.fork() == 0:
    while True: held[0:8] = b'accepted'
os.ftruncate(1, 0)
"""
_TAKE_PIDS = """
for _ in range(70):
    try:
        if os.fork() == 0: time.sleep(30)
    except OSError: break
"""
_JOB_CONTROL = "for _ in range(3):\n    if os.fork() == 0:\n        os.setpgid(0, 0); os.kill(0, signal.SIGSTOP)\nos.killpg(0, 0)"
_VFORK = "signal.alarm(1)\nif libc.vfork() == 0:\n    while True: pass"

ATTACKS: tuple[Attack, ...] = (
    *(refused("X1", f"asking for {name}", f"prctl({arguments})") for name, arguments in _PRCTL.items()),
    *(refused("X2", name, action) for name, action in _REFUSED.items()),
    call(
        "X3", "a filter call with the signal handled", f"def f(x):\n    exec({_HANDLED_FILTER!r})", _FORBIDDEN
    ),
    call("X3", "a fatal call in a thread", f"def f(x):\n    exec({_FATAL_IN_THREAD!r})", _FORBIDDEN),
    script("X3", "a crash that is handled for ever", _HANDLED_CRASH, _TIME, _ERROR),
    call("X4", "bytecode that no compiler wrote", _BYTECODE, _ERROR, _WRONG, _TIME),
    call("X4", "objects without references", _REFERENCES, _ERROR, _WRONG, _NONE),
    call("X4", "libc overwritten", _OVERWRITE_CODE, _ERROR, _WRONG, _NONE),
    call("X4", "the interpreter overwritten", _OVERWRITE_INTERPRETER, _ERROR, _WRONG, _NONE),
    refused("X4", "what the interpreter's memory is made of", _BEHIND_INTERPRETER),
    call("X4", "an interpreter without builtins", _LOST_MODULES, _ERROR, _WRONG, _NONE),
    call("X4", "a stream whose flush never ends", _ENDLESS_FLUSH, _TIME),
    script("X4", "an exit that never ends", _ENDLESS_EXIT, _TIME),
    *(
        call("X5", f"an error: {name}", code, _ERROR, _NONE, _MEMORY, Outcome.OUTPUT_LIMIT)
        for name, code in _STRANGE_ERRORS.items()
    ),
    *(
        Attack("X6", f"a source {name}", source, frozenset({_BAD_SOURCE, _ERROR, _ACCEPTED}), expected="")
        for name, source in _SOURCES.items()
    ),
    *(script("X7", f"busy with {name}", code, _TIME, _MEMORY) for name, code in _LOOPS.items()),
    *(script("X8", f"waiting for {name}", code, _TIME, wall_s=0.4) for name, code in _WAITS.items()),
    script("X9", "a mapping of a file that shrank", _SIGBUS, _ERROR),
    script("X9", "a value that doubles", "x = 'x'\nwhile True: x += x", _MEMORY, cpu_s=3),
    forking("X10", "a child that keeps writing to the output", _SHARED_STREAM, _ACCEPTED, _WRONG, _TIME),
    forking("X10", "every process of the user", _TAKE_PIDS, _ACCEPTED, processes=32),
    forking("X10", "stopped groups", _JOB_CONTROL, _ACCEPTED, _TIME, _ERROR, wall_s=0.5),
    forking("X10", "a child that borrowed its parent", _VFORK, _TIME, _ERROR),
    script("X11", "an exit status that is no status", "sys.exit(10**30 + 1)", _ERROR, _ACCEPTED),
    script(
        "X11",
        "an exit status that raises",
        "class E:\n    def __str__(self): raise SystemExit(0)\nsys.exit(E())",
        _ERROR,
    ),
    printing("X12", "an output that hides itself", "print('5\\x1b[2K\\x1b[1G4')", "4\n", _WRONG),
    printing(
        "X12",
        "an output that is taken back",
        "print(5)\nsys.stdout.flush()\nos.ftruncate(1, 0)",
        "4\n",
        _WRONG,
    ),
    script(
        "X13",
        "CPU time set to nothing",
        "resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nwhile True: pass",
        _TIME,
        _ERROR,
    ),
    script(
        "X13",
        "a deaf overrun of CPU time",
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        _TIME,
    ),
    fatal(
        "X14",
        "a namespace by descriptor",
        "libc.setns(os.open('/proc/self/ns/net', 0) if os.path.exists('/proc/self/stat') else 0, 0)",
    ),
)

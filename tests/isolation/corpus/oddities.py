"""Honest scripts that read, write or end in odd ways."""

STDIN = "3 4\r\nhello\n\nlast"
_FAST_STREAM = """
import os, sys
from io import BytesIO, IOBase
class Fast(IOBase):
    def __init__(self, file):
        self.descriptor, self.held = file.fileno(), BytesIO()
    def write(self, text): return self.held.write(text.encode())
    def flush(self):
        os.write(self.descriptor, self.held.getvalue())
        self.held.seek(0)
        self.held.truncate()
sys.stdout = Fast(sys.stdout)
print('written at last')
"""
_A = "class A:\n    def __init__(self, n=1): self.n, self.me = n, {me}\n    def __del__(self): print(self.n, os.sep)\n"
ODDITIES = {
    "a fast stream": _FAST_STREAM,
    "objects that print as they go": f"import os\n{_A.format(me=None)}a, b, _c = A(1), A(2), A(3)\nprint('hi')",
    "an object that holds itself": f"import os\n{_A.format(me='self')}a = A()\nprint('hi')",
    "many objects that hold themselves": "import weakref\nclass A: pass\n"
    "def made():\n    a = A()\n    a.me = a\n    return weakref.ref(a)\n"
    "left = [made() for _ in range(20_000)]\nprint(left[0]() is None)",
    "a generator left open": "def g():\n    try: yield 1\n    finally: print('end')\nx = g()\nnext(x)\nprint('hi')",
    "a finalizer": "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'end')\nprint('hi')",
    "at exit": "import atexit\natexit.register(print, 'bye')\nprint('hi')",
    "an exit at exit": "import atexit, os\natexit.register(os._exit, 3)\nprint('hi')",
    "an error at exit": "import atexit\natexit.register(lambda: 1 / 0)\nprint('hi')",
    "a hook for errors": "import sys\nsys.excepthook = lambda *e: print('hook', e[0], e[2].tb_lineno)\n1 / 0",
    "a hook that leaves well": "import sys\nsys.excepthook = lambda *_: print('hi') or sys.exit(0)\n1 / 0",
    "a hook that leaves at once": (
        "import os, sys\nsys.excepthook = lambda *_: os.write(1, b'hi') and os._exit(0)\n1 / 0"
    ),
    "a hook that fails": "import sys\nsys.excepthook = lambda *_: print('hi') or {}[1]\n1 / 0",
    "a hook that an exit passes by": "import sys\nsys.excepthook = lambda *_: print('hi')\nsys.exit(3)",
    "a thread that prints late": "import threading\nthreading.Timer(0.05, print, ['late']).start()\nprint('hi')",
    "a daemon that would": (
        "import threading\nt = threading.Timer(9, print, ['late'])\nt.daemon = True\nt.start()\nprint('hi')"
    ),
    "an executor left open": (
        "import time\nfrom concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor()\n"
        "pool.submit(lambda: time.sleep(0.05) or print('late'))\nprint('hi')"
    ),
    "a second stream": "f = open(1, 'w', closefd=False)\nf.write('x')\nprint('hi')",
    "a copy of the stream": "import os\nf = os.fdopen(os.dup(1), 'w')\nf.write('x')\nprint('hi')",
    "a wrapper": "import io, sys\nsys.stdout = io.TextIOWrapper(io.FileIO(1, 'w'), 'utf-8')\nprint('hi')",
    "a stream that was closed": "import sys\nprint('hi')\nsys.stdout.close()",
    "no stream": "import sys\nprint('hi')\nsys.stdout = None\nprint('lost')",
    "a function of C that prints": "import ctypes\nctypes.CDLL(None).printf(b'hi')",
    "an exit without a flush": "import os\nprint('hi')\nos._exit(0)",
    "its own source": (
        "import inspect, traceback\ndef f():\n    return 1 / 0\nprint(inspect.getsource(f))\n"
        "try:\n    f()\nexcept ZeroDivisionError:\n    print(traceback.format_exc().split('line')[-1])"
    ),
    "an exit by text": "import sys\nprint('hi')\nsys.exit('bad')",
    "an exit by 256": "import sys\nprint('hi')\nsys.exit(256)",
    "an exit by a huge number": "import sys\nprint('hi')\nsys.exit(2**40)",
    "an exit in a thread": "import sys, threading\nthreading.Thread(target=sys.exit, args=(3,)).start()\nprint('hi')",
    "an interrupt": "print('hi')\nraise KeyboardInterrupt",
    "half a character": "print('\\ud800')",
    "a byte that is no character": "print('\\udcff')",
    "ends of lines": "import sys\nprint('a\\rb\\r\\n', repr(input()), repr(sys.stdin.read()))",
    "input beyond its end": "import sys\nprint(sys.stdin.read(), repr(sys.stdin.read()), repr(sys.stdin.readline()))",
    "input as a file, twice": "print(open(0, closefd=False).read().split(), open(0).read().split())",
    "input as bytes": "import sys\nprint(sys.stdin.buffer.readline(), sys.stdin.buffer.read())",
    "input until it ends": "try:\n    while True: print(input())\nexcept EOFError: print('end')",
    "its streams": (
        "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n"
        "    print(s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.isatty())"
    ),
    "its module": (
        "import __main__, sys\nx = 3\nprint(__main__.x, __name__, __builtins__.len('abc'), bool(__file__),"
        " sys.modules['__main__'].__dict__ is globals())"
    ),
    "a class by name": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)",
    "form feeds and a mark": "\ufeff\x0cprint('hi')\x0c",
    "an old encoding": "# coding: latin-1\nprint('\u00e9')",
    "old ends of lines": "print('a')\rprint('b')\r\n",
    "a byte of nothing": "print('hi')\0",
    "deep recursion": (
        "import sys, threading\nsys.setrecursionlimit(10**7)\nthreading.stack_size(1 << 26)\n"
        "def f(n): return n and 1 + f(n - 1)\nt = threading.Thread(target=lambda: print(f(60_000)))\nt.start()\nt.join()"
    ),
    "the main thread's deep recursion": (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_STACK, (1 << 28, resource.RLIM_INFINITY))\n"
        "sys.setrecursionlimit(10**7)\ndef f(n): return n and 1 + f(n - 1)\nprint(f(60_000))"
    ),
    "a stack without limit": (
        "import resource\nresource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY,) * 2)\nprint('hi')"
    ),
    "the shell's exit": "print('hi')\nexit()\nprint('never')",
    "the shell's quit": "def f():\n    print('hi')\n    quit(0)\ntry: f()\nexcept Exception: print('never')",
    "the shell's exit with a code": "print('hi')\nexit(3)",
    "the shell's exit with a word": "exit('hi')",
    "the shell's exit, looked at": "print(exit, quit, callable(help), 'Python' in str(copyright))",
    "the user's own locale": "import locale\nprint(locale.setlocale(locale.LC_ALL, ''))",
    "a class whose fields are its words": (
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\nprint(A.__doc__, A(2))"
    ),
    "a library module not named": (
        "d, i = __import__('data' + 'classes'), __import__('ins' + 'pect')\n@d.dataclass\nclass A:\n    x: int = 1\n"
        "print(A.__doc__, i.signature(A), i.getsource.__name__, i.__file__ is not None)"
    ),
    "an alarm": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: print('alarm'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.02)\nsignal.pause()"
    ),
}

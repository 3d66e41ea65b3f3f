"""Programs that would rather be judged right than be right. None may be accepted."""

import pytest

from sandbox_runner.verdict import Outcome
from tests.isolation.conftest import Arena

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

CHEATS = {
    "exit at import": ("import sys\nsys.exit(0)", Outcome.NO_RESULT),
    "exit in the function": ("import sys\ndef f(x): sys.exit(0)", Outcome.NO_RESULT),
    "raise SystemExit": ("def f(x): raise SystemExit(0)", Outcome.NO_RESULT),
    "os._exit": ("import os\ndef f(x): os._exit(0)", Outcome.NO_RESULT),
    "exit through libc": ("import ctypes\ndef f(x): ctypes.CDLL(None)._exit(0)", Outcome.NO_RESULT),
    "kill oneself": ("import os\ndef f(x): os.kill(os.getpid(), 9)", Outcome.RUNTIME_ERROR),
    "exit hook": (
        "import atexit, os\natexit.register(lambda: os._exit(0))\ndef f(x): return 5",
        Outcome.WRONG_ANSWER,
    ),
    "exception hook": (
        "import os, sys\nsys.excepthook = lambda *a: os._exit(0)\ndef f(x): raise ValueError",
        Outcome.RUNTIME_ERROR,
    ),
    "equal to everything": (
        "class E:\n    def __eq__(self, o): return True\ndef f(x): return E()",
        Outcome.WRONG_ANSWER,
    ),
    "an int that equals everything": (
        "class E(int):\n    def __eq__(self, o): return True\ndef f(x): return E(5)",
        Outcome.WRONG_ANSWER,
    ),
    "mock.ANY": ("from unittest.mock import ANY\ndef f(x): return ANY", Outcome.WRONG_ANSWER),
    "a class that lies": (
        "class E:\n    __class__ = int\n    def __index__(self): return 4\ndef f(x): return E()",
        Outcome.WRONG_ANSWER,
    ),
    "True for one": ("def f(x): return 4.0", Outcome.WRONG_ANSWER),
    "patched comparison": (
        (
            "import builtins, operator, json, math\n"
            "operator.eq = math.isclose = lambda *a, **k: True\n"
            "json.dumps = json.loads = lambda *a, **k: '5'\ndef f(x): return 5"
        ),
        Outcome.WRONG_ANSWER,
    ),
    "no function": ("g = 1", Outcome.RUNTIME_ERROR),
    "verdict on the report channel": (
        'import os\ndef f(x):\n    os.write(3, b\'{"outcome":"accepted","passed":true}\')\n    os._exit(0)',
        Outcome.NO_RESULT,
    ),
    "guesses on the report channel": (
        "import os\ndef f(x):\n    for n in range(9): os.write(3, b'{\"value\":%d}' % n)\n    os._exit(0)",
        Outcome.NO_RESULT,
    ),
    "writing to every descriptor": (
        (
            "import os\ndef f(x):\n"
            "    for fd in range(3, 1024):\n"
            "        try: os.write(fd, b'accepted')\n"
            "        except OSError: pass\n"
            "    return 5"
        ),
        Outcome.NO_RESULT,
    ),
    "closing every descriptor": (
        "import os\ndef f(x):\n    os.closerange(0, 1024)\n    return 4",
        Outcome.NO_RESULT,
    ),
    "the right answer printed, then a crash": (
        "import ctypes\ndef f(x):\n    print(4, flush=True)\n    ctypes.string_at(1)",
        Outcome.RUNTIME_ERROR,
    ),
}


@pytest.mark.parametrize("name", CHEATS)
async def test_a_cheat_gets_the_verdict_of_an_honest_failure(arena: Arena, name: str) -> None:
    code, outcome = CHEATS[name]

    result = await arena.call(code)

    assert result.outcome is outcome, result
    await arena.assert_unharmed()


_PATTERN = "canary-[0-9a-f]{24}"
SEARCHES = {
    "frames": (
        "    import sys\n    frame, seen = sys._getframe(), []\n"
        "    while frame: seen += [repr(frame.f_locals), repr(frame.f_globals)]; frame = frame.f_back\n"
        "    text = ' '.join(seen)\n"
    ),
    "the collector's objects": "    import gc\n    text = repr(gc.get_objects())[:50_000_000]\n",
    "process memory": (
        "    text = ''\n"
        "    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n"
        "        for line in maps:\n"
        "            if 'rw-p' not in line: continue\n"
        "            low, high = (int(n, 16) for n in line.split()[0].split('-'))\n"
        "            try: memory.seek(low); text += memory.read(high - low).decode('latin-1')\n"
        "            except (OSError, ValueError, OverflowError): pass\n"
    ),
    "environment, arguments and modules": (
        "    import os, sys\n    modules = {name: vars(module) for name, module in sys.modules.items()}\n"
        "    text = repr((os.environ, sys.argv, sys.orig_argv, modules))\n"
    ),
    "open descriptors": (
        "    import os\n    text = ''\n"
        "    for fd in range(64):\n"
        "        try: text += os.pread(fd, 1_000_000, 0).decode('latin-1')\n"
        "        except OSError: pass\n"
    ),
}


@pytest.mark.parametrize("where", SEARCHES)
async def test_the_expected_value_is_nowhere_to_be_found(arena: Arena, where: str) -> None:
    expected = "canary-" + "0123456789abcdef01234567"
    code = (
        f"import re\ndef f(x):\n{SEARCHES[where]}"
        f"    found = re.findall('{_PATTERN}', text)\n    return found[0] if found else 'nothing'\n"
    )

    result = await arena.call(code, expected=expected)

    assert result.outcome is not Outcome.ACCEPTED
    assert result.outcome is Outcome.RUNTIME_ERROR or result.returned == "'nothing'", result


async def test_the_searches_would_find_what_is_there(arena: Arena) -> None:
    secret = "canary-0123456789abcdef01234567"
    code = "import re\ndef f(x):\n" + SEARCHES["frames"] + f"    return re.findall('{_PATTERN}', text)[0]\n"

    result = await arena.call(code, arg=secret, expected=secret)

    assert result.outcome is Outcome.ACCEPTED


async def test_a_correct_answer_before_a_failing_exit_is_a_runtime_error(arena: Arena) -> None:
    result = await arena.script("print(4)\nimport sys\nsys.exit(1)", "4\n")

    assert result.outcome is Outcome.RUNTIME_ERROR


async def test_nothing_is_remembered_from_test_to_test(arena: Arena) -> None:
    code = (
        "import builtins, os, sys\n"
        "def f(x):\n"
        "    seen = getattr(builtins, 'seen', 0) or os.path.exists('/tmp/seen') or hasattr(sys, 'seen')\n"
        "    builtins.seen = sys.seen = 1\n"
        "    try: open('/tmp/seen', 'w').close()\n"
        "    except OSError: pass\n"
        "    return bool(seen)\n"
    )
    first = await arena.call(code, expected=False)
    second = await arena.call(code, expected=False)

    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)

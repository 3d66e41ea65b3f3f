"""Programs and tests that meet in files: honest ones, and programs that would rather be judged right."""

from sandbox_runner.domain.verdict import Outcome

_WRONG, _NONE, _ERROR = Outcome.WRONG_ANSWER, Outcome.NO_RESULT, Outcome.RUNTIME_ERROR
_ENDS = frozenset({_WRONG, _NONE, _ERROR})

HONEST = """
import json, os, pickle, shutil
from pathlib import Path
def load(path): return json.loads(Path(path).read_text())
def save(path, data):
    with open(path, "w") as file: json.dump(data, file)
def dump(path, data): Path(path).write_bytes(pickle.dumps(data))
def lines(path): return sum(1 for _ in open(path))
def append(path, line):
    with open(path, "a") as file: file.write(line + "\\n")
def keep(path): return shutil.copy2(path, str(path) + ".kept")
def names(directory): return sorted(os.listdir(directory))
def split(directory, text):
    parts = Path(directory) / "parts"
    parts.mkdir(parents=True)
    for n, line in enumerate(text.splitlines()): (parts / str(n)).write_text(line)
    return sorted(parts.iterdir())
def change(path, old, new):
    beside = str(path) + ".new"
    with open(beside, "w") as file: file.write(open(path).read().replace(old, new))
    os.replace(beside, path)
class Log:
    def __init__(self, path): self.file = open(path, "w")
    def __enter__(self): return self
    def __exit__(self, *error): self.file.close()
    def write(self, text): self.file.write(text); self.file.flush()
"""
_IMPORTS = "import json, os, pickle, shutil, sys, tempfile, time, unittest\nfrom pathlib import Path\nimport pytest\nfrom solution import *\n"
STRONG = {
    "what is saved and loaded": """
def test_save(tmp_path):
    save(tmp_path / "a", {"a": 1})
    assert json.loads((tmp_path / "a").read_text()) == {"a": 1}
def test_load(tmp_path):
    (tmp_path / "a").write_text("[1, 2]")
    assert load(str(tmp_path / "a")) == load(tmp_path / "a") == [1, 2]
def test_none(tmp_path):
    with pytest.raises(FileNotFoundError): load(tmp_path / "none")
@pytest.mark.parametrize("data", [2024])
def test_secret(tmp_path, tmpdir, data):
    assert not any(told in str(tmp_path) + str(tmpdir) for told in ("secret", "2024"))
    save(str(tmpdir.join("a")), data)
    assert load(tmp_path / "a") == 2024
""",
    "temporary files and the working directory": """
def test_directory():
    with tempfile.TemporaryDirectory() as made:
        save(os.path.join(made, "a"), [1])
        assert os.listdir(made) == ["a"] and json.load(open(os.path.join(made, "a"))) == [1]
def test_file():
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("a\\nb\\n")
        file.flush()
        assert lines(file.name) == 2
def test_empty_file():
    with tempfile.NamedTemporaryFile("w+") as file:
        save(file.name, 3)
        assert file.read() == "3"
def test_chdir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("a", 3)
    assert Path("a").read_text() == "3" and names(".") == ["a"]
def test_relative():
    save("a", 3)
    assert open("a").read() == "3"
""",
    "what is pickled": """
def test(tmp_path):
    import collections, datetime, decimal
    data = [{"a": (1, 2.5, {3}, frozenset("b"), b"x", 1j, None, range(3))}, collections.Counter("abca"), Path("a"),
            decimal.Decimal("1.5"), datetime.datetime(2024, 2, 29, 1), collections.OrderedDict(a=1)]
    dump(tmp_path / "a", data)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / str(protocol)).write_bytes(pickle.dumps(data, protocol))
        assert pickle.load((tmp_path / "a").open("rb")) == pickle.load((tmp_path / str(protocol)).open("rb")) == data
""",
    "directories, paths and changes while both look": """
@pytest.fixture(scope="module")
def shared(tmp_path_factory): return tmp_path_factory.mktemp("shared")
def test_split(shared):
    made = split(shared / "deep", "x\\ny")
    assert made == [shared / "deep/parts/0", shared / "deep/parts/1"] and made[1].read_text() == "y"
def test_copies(tmp_path):
    (tmp_path / "a").write_text("x")
    assert Path(keep(tmp_path / "a")).read_text() == "x"
    shutil.copytree(tmp_path, tmp_path / "d" / "e")
    assert names(tmp_path / "d" / "e") == ["a", "a.kept"]
def test_log(tmp_path):
    with Log(tmp_path / "log") as log:
        log.write("a")
        assert (tmp_path / "log").read_text() == "a"
        log.write("b")
    assert (tmp_path / "log").read_text() == "ab"
def test_quick_changes(tmp_path):
    for text in "abc":
        (tmp_path / "a").write_text(f'"{text}"')
        assert load(tmp_path / "a") == text
""",
}
WEAK = """
class TestChange(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(tempfile.mkdtemp(), "a")
        with open(self.path, "w") as file: file.write("a b a")
    def test_change(self):
        change(self.path, "a", "c")
        append(self.path, "!")
        with open(self.path) as file: self.assertEqual(file.read(), "c b c!\\n")
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["a"])
"""
"""Whoever may change what tests wrote may change what they expect."""
CODE = """
import json, os, tempfile
with tempfile.TemporaryDirectory() as made:
    save(os.path.join(made, "a"), [1])
    assert json.load(open(os.path.join(made, "a"))) == load(os.path.join(made, "a")) == [1]
"""

SAVED = """
def test(tmp_path):
    save(str(tmp_path / "a"), {"a": [1]})
    assert json.loads((tmp_path / "a").read_text()) == {"a": [1]}
"""
AGAIN = """
def test(tmp_path):
    for n in range(20):
        save(str(tmp_path / "a"), n)
        (tmp_path / "b").write_text("b")
    assert json.loads((tmp_path / "a").read_text()) == 19
"""
LATER = """
def test(tmp_path):
    save(str(tmp_path / "a"), 3)
    (tmp_path / "expected").write_text("3")
    time.sleep(0.1)
    assert (tmp_path / "a").read_text() == (tmp_path / "expected").read_text()
"""
NEXT = """
def test_first(tmp_path): save(str(tmp_path / "a"), 3)
def test_second(tmp_path):
    save(str(tmp_path / "a"), 3)
    assert (tmp_path / "a").read_text() == "3"
"""
IMPORTED = """
def test(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text("VALUE = 3\\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("")
    save(str(tmp_path / "a"), 3)
    import colorsys, own, package
    assert own.VALUE == colorsys.hsv_to_rgb(3, 0, 3)[0] == load(tmp_path / "a")
"""
RUN = """
def test(tmp_path):
    save(tmp_path / "made.py", 3)
    from importlib.util import module_from_spec, spec_from_file_location
    spec = spec_from_file_location("made", tmp_path / "made.py")
    spec.loader.exec_module(module_from_spec(spec))
"""
PICKLED = """
def test(tmp_path):
    dump(tmp_path / "a", [3])
    assert pickle.loads((tmp_path / "a").read_bytes()) == [3]
"""
FILLED = """
def test_file(tmp_path):
    with open(tmp_path / "a", "w+") as file:
        assert save(file, {}) is None
def test_save(tmp_path): save(tmp_path / "a", {})
"""
TELLING_APART = (PICKLED, SAVED, AGAIN, LATER, NEXT, IMPORTED)
"""What cheats meet, and honest programs pass."""

_FORGE = (
    "from sandbox_runner.jail.remote.tests_side.findings import Ended, Findings\n"
    "Findings(Ended.PASSED, passed=1).write(3)\nimport os\nos._exit(0)\n"
)
_START = f"import json, os, shutil, sys, threading, time\nFORGE = {_FORGE!r}\n"
_LOAD = "def load(path): return None\n"


def _saving(code: str) -> str:
    body = code.replace("\n", "\n    ")
    return f"{_START}{_LOAD}def save(path, data):\n    {body}\n"


def _telling(files: str, gone: str = "[]") -> str:
    """Says in the place of what honest programs tell of their files."""
    return _saving(
        "from sandbox_runner.jail.remote.files import Files\n"
        f"Files.news = lambda self: {{'files': {files}, 'gone': {gone}}}"
    )


_PLANT = "def plant(name, text=FORGE):\n    os.makedirs(os.path.dirname(name) or '.', exist_ok=True)\n    open(name, 'w').write(text)\n"
_BYTECODE = (
    "import importlib.util, marshal\n"
    "code = marshal.dumps(compile(FORGE, 'own.py', 'exec'))\n"
    "head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, 'little') + bytes(8)\n"
    "os.makedirs('__pycache__', exist_ok=True)\n"
    "name = importlib.util.cache_from_source('own.py')\nopen(name, 'wb').write(head + code)"
)
CHEATS: dict[str, tuple[str, str, frozenset[Outcome]]] = {
    "a link to a file of the tests' jail": (_saving("os.symlink('/proc/self/environ', path)"), SAVED, _ENDS),
    "a link to itself": (_saving("os.symlink('a', path)"), SAVED, _ENDS),
    "a link for the directory": (
        _saving("place = os.path.dirname(path)\nos.rmdir(place)\nos.symlink('/', place)"),
        SAVED,
        _ENDS,
    ),
    "a hard link": (_saving("open('x', 'w').write('{}')\nos.link('x', path)"), SAVED, _ENDS),
    "a pipe": (_saving("os.mkfifo(path)"), SAVED, _ENDS),
    "a directory": (_saving("os.mkdir(path)"), SAVED, _ENDS),
    "an unreadable file": (_saving("os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0))"), SAVED, _ENDS),
    "an unreadable directory": (_saving("os.mkdir(path, 0)"), SAVED, _ENDS),
    "other modes for the tests' directory": (_saving("os.chmod(os.path.dirname(path), 0)"), SAVED, _ENDS),
    "a sparse file without end": (
        _saving("open(path, 'w').truncate(1 << 40)"),
        SAVED,
        frozenset({Outcome.OUTPUT_LIMIT}),
    ),
    "a full disk": (
        _saving("for n in range(99): open(path + str(n), 'wb').write(bytes(3 << 20))"),
        SAVED,
        _ENDS | {Outcome.TIME_LIMIT},
    ),
    "a disk as full as may be": (
        _saving("for n in range(99): open(path + str(n % 5), 'wb').write(os.urandom(3 << 20))"),
        AGAIN,
        _ENDS | {Outcome.TIME_LIMIT},
    ),
    "more files than there may be": (
        _saving("for n in range(5000): open(path + str(n), 'w').close()"),
        SAVED,
        _ENDS,
    ),
    "as many files as cross, again and again": (
        _saving(
            "for n in range(500):\n    for name in (path + str(n), path + str(n + 500)):\n"
            "        if os.path.exists(name): os.unlink(name)\n        elif n % 2: open(name, 'w').write(name)"
        ),
        AGAIN,
        _ENDS | {Outcome.TIME_LIMIT},
    ),
    "a file of the tests that it fills": (
        _saving("path.truncate(9 << 20) if hasattr(path, 'truncate') else None\nreturn 1"),
        FILLED,
        _ENDS | {Outcome.OUTPUT_LIMIT},
    ),
    "no directories any more": (_saving("shutil.rmtree('/tmp/pytest')"), NEXT, _ENDS),
    "a directory with the last of numbers": (
        _saving("os.mkdir('/tmp/pytest/test' + '9' * 251)"),
        NEXT,
        _ENDS,
    ),
    "a file for the next directory": (
        _saving(
            "for n in range(9):\n    try: open(f'/tmp/pytest/test{n}', 'w').close()\n    except OSError: pass"
        ),
        NEXT,
        _ENDS,
    ),
    "odd names": (
        _saving("for name in (b'\\n', b'\\xff', b'x' * 255, b'\\x1b[2J', b'...'): open(name, 'w').close()"),
        SAVED,
        _ENDS,
    ),
    "directories as deep as they go": (
        _saving("for n in range(300): os.mkdir('d' * 250) or os.chdir('d' * 250)"),
        SAVED,
        _ENDS,
    ),
    "what is right, later": (
        _saving(
            "def right():\n    time.sleep(0.02)\n    open(path, 'w').write(json.dumps(data))\n"
            "open(path, 'w').write('0')\nthreading.Thread(target=right).start()"
        ),
        LATER,
        _ENDS,
    ),
    "what is expected, as soon as it is there": (
        _saving(
            "def copy():\n    while not os.path.exists('expected'): time.sleep(0.001)\n    shutil.copy('expected', path)\n"
            "os.chdir(os.path.dirname(path))\nopen(path, 'w').close()\nthreading.Thread(target=copy, daemon=True).start()"
        ),
        LATER,
        _ENDS | {Outcome.TIME_LIMIT},
    ),
    "a module of the library": (
        _saving(f"{_PLANT}plant('colorsys.py')\nplant('colorsys/__init__.py')"),
        IMPORTED,
        _ENDS,
    ),
    "a module of the tests": (_saving(f"{_PLANT}plant('own.py')"), IMPORTED, _ENDS),
    "a package for a module": (_saving(f"{_PLANT}plant('own/__init__.py')"), IMPORTED, _ENDS),
    "bytecode of a module of the tests": (_saving(_BYTECODE), IMPORTED, _ENDS),
    "files that are looked for at a start": (
        _saving(
            f"{_PLANT}for place in ('.', '/tmp', '/tmp/pytest', 'package'):\n"
            "    for name in ('conftest.py', 'sitecustomize.py', 'usercustomize.py', 'x.pth', 'json.py', 'pytest.py',\n"
            "                 'pytest.ini', 'test_x.py', '_pytest/__init__.py', 'package/colorsys.py', 'solution.py'):\n"
            "        plant(os.path.join(place, name))"
        ),
        IMPORTED,
        _ENDS,
    ),
    **{
        f"a pickle that calls {called}": (
            _START
            + f"import pickle\nclass Made:\n    def __reduce__(self): return {made}\n"
            + "def dump(path, data): open(path, 'wb').write(pickle.dumps(Made()))\n",
            PICKLED,
            _ENDS,
        )
        for called, made in {
            "exec": "exec, (FORGE,)",
            "a system call": "os.write, (3, b'{}')",
            "what equals all": "getattr, (__import__('unittest.mock').mock, 'ANY')",
            "what loads": "pickle.loads, (b'.',)",
        }.items()
    },
    "code that the tests run": (
        _saving(f"{_PLANT}plant(str(path))"),
        RUN,
        frozenset({Outcome.INVALID_TEST}),
    ),
    "files above": (_telling("[['../x', '']]"), SAVED, _ENDS),
    "files of the tests' jail": (_telling("[['/proc/self/mem', '']]"), SAVED, _ENDS),
    "files below a link of pytest's": (_telling("[['pytest/testcurrent/a', 'e30=']]"), SAVED, _ENDS),
    "a file over pytest's link": (_telling("[['pytest/testcurrent', 'e30=']]"), SAVED, _ENDS),
    "more than crosses": (
        _telling("[[str(n), 'A' * (3 << 20)] for n in range(4)]"),
        SAVED,
        _ENDS | {Outcome.TIME_LIMIT},
    ),
    "more files than cross": (_telling("[[str(n), ''] for n in range(2000)]"), SAVED, _ENDS),
    "what was never there is gone": (_telling("[]", "['b', 'pytest', '/']"), SAVED, _ENDS),
    "nonsense": (_telling("{'a': [3]}", "3"), SAVED, _ENDS),
}
KEEPING = _saving(
    "open('/tmp/kept', 'a').write('x')\nopen(path, 'w').write(str(os.path.getsize('/tmp/kept')))"
)
KEPT = """
def test(tmp_path):
    save(str(tmp_path / "a"), 1)
    assert (tmp_path / "a").read_text() == "1" and os.path.getsize("/tmp/kept") == 1
"""


def file_of(test: str) -> dict[str, str]:
    return {"test_it.py": _IMPORTS + test}

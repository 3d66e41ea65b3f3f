"""Files that come with a program and files that are fetched after it: no further than the box reaches."""

import base64
from typing import Any

import pytest

from sandbox_runner.domain.cases import Program
from sandbox_runner.domain.verdict import Limits, Outcome, TestResult
from tests.isolation.conftest import Arena
from tests.isolation.speaking import client_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_LIMITS = Limits(cpu_s=1.0, wall_s=5.0, memory_bytes=128 << 20, output_bytes=1 << 20, processes=1)
_ALMOST = (1 << 20) - 1000
_NAMES = ("out", "d/e/out")
_NOT_LEFT = {
    "absent": "",
    "a link to a file of the host": "os.symlink('/etc/passwd', 'out')",
    "a link to a file of the runtime": "os.symlink(os.__file__, 'out')",
    "a link to the box's memory": "os.symlink('/proc/self/mem', 'out')",
    "a link to a device": "os.symlink('/dev/zero', 'out')",
    "a link to itself": "os.symlink('out', 'out')",
    "a link to a regular file": "open('x', 'w').write('x'); os.symlink('x', 'out')",
    "a directory by a link": "os.mkdir('d'); os.symlink(os.path.dirname(os.__file__), 'd/e')",
    "the box's own process by a link": "os.symlink('/proc/self', 'd')",
    "a directory": "os.mkdir('out')",
    "an unreadable file": "os.write(os.open('out', os.O_CREAT | os.O_WRONLY, 0), b'x')",
    "an unreadable directory": "os.mkdir('d', 0)",
    "a directory that is too deep": "for _ in range(300): os.mkdir('e' * 200) or os.chdir('e' * 200)",
    "more than the limit": "os.truncate(os.open('out', os.O_CREAT | os.O_RDWR), (1 << 20) + 1)",
}


async def _run(arena: Arena, code: str, fetch: tuple[str, ...] = _NAMES, **files: bytes) -> TestResult:
    return await arena.sandbox.judge.run(Program(f"import os\n{code}", "", _LIMITS, files=files, fetch=fetch))


async def test_what_is_written_comes_back_by_its_name(namespaced: Arena) -> None:
    code = (
        "os.makedirs('d/e')\nopen('out', 'wb').write(bytes(range(256)))\n"
        "open('d/e/out', 'w').write('below')\nopen('other', 'w').write('not asked for')"
    )

    result = await _run(namespaced, code)

    assert (result.outcome, result.files) == (
        Outcome.ACCEPTED,
        {"out": bytes(range(256)), "d/e/out": b"below"},
    )
    await namespaced.assert_unharmed()


async def test_files_are_copied_although_their_modes_and_times_cannot_be(namespaced: Arena) -> None:
    code = (
        "import shutil\nos.mkdir('d')\nopen('d/a', 'w').write('x')\n"
        "shutil.copy('d/a', 'd/b'); shutil.copy2('d/a', 'd/c'); shutil.copytree('d', 'out')\n"
        "print([open(f'out/{name}').read() for name in sorted(os.listdir('out'))])"
    )

    result = await _run(namespaced, code)

    assert (result.outcome, result.stdout) == (Outcome.ACCEPTED, "['x', 'x', 'x']\n"), result
    await namespaced.assert_unharmed()


async def test_what_is_sent_is_there_and_can_be_imported_read_and_changed(namespaced: Arena) -> None:
    files = {"helper.py": b"def double(x): return 2 * x", "data/in": b"21", "data/deep/er": b""}
    code = (
        "from helper import double\nopen('out', 'w').write(str(double(int(open('data/in').read()))))\n"
        "open('data/in', 'a').write('!')\nprint(sorted(os.listdir('data')))"
    )
    program = Program(f"import os\n{code}", "", _LIMITS, files=files, fetch=("out", "data/in"))

    result = await namespaced.sandbox.judge.run(program)

    assert (result.outcome, result.stdout) == (Outcome.ACCEPTED, "['deep', 'in']\n"), result
    assert result.files == {"out": b"42", "data/in": b"21!"}


@pytest.mark.parametrize("name", _NOT_LEFT)
async def test_nothing_is_fetched_but_a_regular_file_of_the_box(namespaced: Arena, name: str) -> None:
    fetch = (*_NAMES, "d/environ", "d/maps", "d/e/os.py", "d/cmdline")

    result = await _run(namespaced, _NOT_LEFT[name], fetch)

    assert result.files == {}
    assert result.outcome is not Outcome.INTERNAL_ERROR, result
    await namespaced.assert_unharmed()


async def test_a_file_that_would_fill_what_carries_it_breaks_nothing(namespaced: Arena) -> None:
    code = "open('out', 'wb').write(bytes((1 << 20) - 10))"
    broken = namespaced.boxes_broken()

    result = await _run(namespaced, code)

    assert (result.outcome, result.files) == (Outcome.ACCEPTED, {}), result
    assert namespaced.boxes_broken() == broken


async def test_files_of_a_run_that_failed_are_fetched(namespaced: Arena) -> None:
    failed = await _run(namespaced, "open('out', 'w').write('x')\nraise SystemExit(3)")
    killed = await _run(namespaced, "open('out', 'w').write('x')\nos.kill(os.getpid(), 9)")

    assert [each.files for each in (failed, killed)] == [{"out": b"x"}] * 2
    assert [each.outcome for each in (failed, killed)] == [Outcome.RUNTIME_ERROR] * 2


async def test_files_of_one_run_are_not_there_in_another(namespaced: Arena) -> None:
    first = await _run(namespaced, "open('out', 'w').write('x')", sent=b"x")
    second = await _run(namespaced, "print(os.listdir('/tmp'))")

    assert (first.files, second.files, second.stdout) == ({"out": b"x"}, {}, "[]\n")


async def test_a_full_scratch_directory_is_the_programs_failure(namespaced: Arena) -> None:
    code = f"for n in range(99):\n    with open(f'f{{n}}', 'wb') as file: file.write(bytes({_ALMOST}))"

    result = await _run(namespaced, code, ("f0", "f1", "f2"))

    assert result.outcome is Outcome.RUNTIME_ERROR, result
    assert set(result.files) == {"f0"}  # as many as the limit of outputs allows
    await namespaced.assert_unharmed()


def _request(code: str = "print(open('in').read())", **more: Any) -> dict[str, Any]:
    return {"code": code, "language": "python", **more}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_files_cross_the_wire_where_there_are_namespaces(arena: Arena) -> None:
    code = "text = open('in').read()\nopen('out', 'w').write(text * 2)"
    request = _request(code, files={"in": _base64(b"ab")}, fetch_files=["out", "/tmp/in", "gone"])
    async with client_of(arena) as client:
        answer = (await client.post("/run_code", json=request)).json()

    if arena.isolated:
        assert answer["status"] == "Success", answer
        assert answer["files"] == {"out": _base64(b"abab"), "/tmp/in": _base64(b"ab")}
    else:
        assert (answer["status"], answer["message"]) == ("SandboxError", "files need namespaces (tier T2)")
    await arena.assert_unharmed()


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"big": _base64(bytes(5 << 20))}, "more than"),
        ({f"part{n}": _base64(bytes(3 << 20)) for n in range(6)}, "more than"),
        ({"a": "", "a/b": ""}, "'a'"),
        ({f"{n}": "" for n in range(2000)}, "more than"),
        ({f"{n}/" + "/".join("abcdefghij" * 40): "" for n in range(3)}, "more than"),
        ({"../a": ""}, "not a path"),
        ({"/etc/a": ""}, "absolute"),
        ({"a": "!"}, "base64"),
    ],
)
async def test_files_that_cannot_be_put_are_refused_and_nothing_breaks(
    namespaced: Arena, files: dict[str, str], complaint: str
) -> None:
    async with client_of(namespaced) as client:
        broken = (await client.get("/metrics")).text.count("ctrl_infra_errors_total{")
        answer = (await client.post("/run_code", json=_request("print(1)", files=files))).json()
        after = (await client.get("/metrics")).text.count("ctrl_infra_errors_total{")

    assert answer["status"] == "SandboxError", answer
    assert complaint in answer["message"]
    assert after == broken
    await namespaced.assert_unharmed()

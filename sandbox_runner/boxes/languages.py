"""Languages a program may be written in: Python, and an entry here for each whose toolchain is found."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sandbox_runner.boxes.runtimes import Runtime
from sandbox_runner.jail.filesystem import BUILD, SCRATCH
from sandbox_runner.jail.native import Command

PYTHON = "python"
_TOOL_S = 20.0
# What runtimes are told that start a thread for each CPU: a box counts threads.
_CPUS = min(8, os.cpu_count() or 1)
_HEAP_MB = "{heap_mb}"
# By itself it lets garbage fill a 64th of the memory of the machine before it collects any.
_JAVA_HEAP = ("-Xms64m", f"-Xmx{_HEAP_MB}m")
_SYSTEM = ("/usr", "/bin", "/etc/alternatives")


@dataclass(frozen=True, slots=True)
class Language:
    id: str
    file: str
    tool: str
    """The program that `compile` begins with, or else `run`."""
    compile: tuple[str, ...] = ()
    run: tuple[str, ...] = (f"{BUILD}/main",)
    runner: str = ""
    """The program that `run` begins with, if it is another than the compiled one."""
    version: tuple[str, ...] = ("--version",)
    root: tuple[str, ...] = ()
    """Arguments that make the tool print where its installation is."""
    processes: int = 1
    """Processes that an honest program of the language needs."""
    forks: bool = True
    """Whether its programs can live where they may start processes."""
    reserves: bool = False
    configuration: str = "[]"
    """What the toolchain reads in `/etc`, as a pattern; the default matches nothing."""


_LANGUAGES = (
    Language("cpp", "main.cpp", "g++", ("-std=c++17", "-O2", "-pipe", "-o", "main", "main.cpp")),
    Language("c", "main.c", "gcc", ("-std=c17", "-O2", "-pipe", "-o", "main", "main.c", "-lm")),
    Language(
        "rust",
        "main.rs",
        "rustc",
        ("--edition", "2021", "-O", "-o", "main", "main.rs"),
        root=("--print", "sysroot"),
    ),
    Language(
        "go",
        "main.go",
        "go",
        ("build", "-o", "main", "main.go"),
        version=("version",),
        root=("env", "GOROOT"),
        forks=False,  # its runtime handles every signal, and a program that may fork must leave SIGCHLD alone
        reserves=True,
    ),
    Language(
        "java",
        "Main.java",
        "javac",
        ("-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-encoding", "UTF-8", "-d", ".", "Main.java"),
        (
            *("-XX:+UseSerialGC", "-XX:-UsePerfData", f"-XX:ActiveProcessorCount={_CPUS}"),
            *(*_JAVA_HEAP, "-Xss64m", "-ea", "-cp", BUILD, "Main"),
        ),
        runner="java",
        configuration="java-*",
        reserves=True,
    ),
    Language("nodejs", "main.js", "node", run=(f"{BUILD}/main.js",), runner="node", reserves=True),
    Language("bash", "main.sh", "bash", run=(f"{BUILD}/main.sh",), runner="bash", processes=32),
)
ALIASES = {
    "javascript": "nodejs",
    "js": "nodejs",
    "c++": "cpp",
    "py": PYTHON,
    "python3": PYTHON,
    "golang": "go",
}


@dataclass(frozen=True, slots=True)
class Installed:
    language: Language
    command: Command
    directories: tuple[str, ...]

    def command_within(self, memory_bytes: int) -> Command:
        """The command for a program of that limit; a heap may outgrow it, and so break it."""
        heap_mb = str(memory_bytes * 3 // 2 >> 20)
        return replace(self.command, run=tuple(each.replace(_HEAP_MB, heap_mb) for each in self.command.run))


@cache
def installed() -> dict[str, Installed]:
    """The languages besides Python whose toolchains are on this machine."""
    found = (_find(language) for language in _LANGUAGES)
    return {each.language.id: each for each in found if each is not None}


@cache
def native_runtime() -> Runtime:
    """One launcher serves them all: it forks boxes, and what runs in them is executed."""
    directories = dict.fromkeys(path for each in installed().values() for path in each.directories)
    shown = [path for path in (*_SYSTEM, *directories) if Path(path).is_dir()]
    return Runtime("native", executable=tuple(dict.fromkeys(shown)))


@cache
def version_of(language: str) -> str:
    """The first line that the toolchain says of itself."""
    if language == PYTHON:
        return platform.python_version()
    each = installed()[language]
    tool = each.command.compile[0] if each.command.compile else each.command.run[0]
    said = _ask(tool, each.language.version)
    return said.splitlines()[0] if said else "unknown"


def _find(language: Language) -> Installed | None:
    tools = {name: _locate(name, language.root) for name in {language.tool, language.runner} - {""}}
    if not all(tools.values()):
        return None
    places = [Path(str(path)).resolve() for path in tools.values()]
    outside = [str(place.parent.parent) for place in places if not str(place).startswith("/usr/")]
    binaries = dict.fromkeys(str(Path(str(path)).parent) for path in tools.values())
    command = Command(
        file=language.file,
        compile=(str(tools[language.tool]), *language.compile) if language.compile else (),
        run=(str(tools[language.runner]), *language.run) if language.runner else language.run,
        environment={
            "PATH": ":".join(dict.fromkeys((*binaries, "/usr/bin", "/bin"))),
            "HOME": SCRATCH,
            "TMPDIR": SCRATCH,
            "GOCACHE": f"{BUILD}/.cache",
            "GOTMPDIR": BUILD,  # which has room for a library that has to be compiled too
            "GODEBUG": "installgoroot=all",  # use one that was compiled beforehand
            "GO111MODULE": "off",
            "GOMAXPROCS": str(_CPUS),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        },
        reserves=language.reserves,
    )
    return Installed(language, command, (*outside, *map(str, Path("/etc").glob(language.configuration))))


def _locate(tool: str, root: tuple[str, ...]) -> str | None:
    """The tool itself, and not a proxy that would look for it in a home directory."""
    found = shutil.which(tool)
    if found is None or not root:
        return found
    inside = Path(_ask(found, root).strip(), "bin", tool)
    return str(inside) if inside.is_file() else None


def _ask(tool: str, arguments: tuple[str, ...]) -> str:
    try:
        asked = subprocess.run(
            [tool, *arguments], capture_output=True, text=True, timeout=_TOOL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout or asked.stderr

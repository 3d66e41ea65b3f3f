"""Where programs of other languages than Python run, and how they are told what they may use."""

import pytest

from sandbox_runner.boxes import languages
from sandbox_runner.boxes.languages import Installed
from sandbox_runner.boxes.places import Place, place_of
from sandbox_runner.domain.cases import Program
from sandbox_runner.domain.verdict import Limits
from sandbox_runner.jail.native import Command

_LIMITS = Limits(cpu_s=4, wall_s=12, memory_bytes=256 << 20, output_bytes=1 << 20, processes=16)


def _place(monkeypatch: pytest.MonkeyPatch, language: str) -> Place:
    """The place of a program, as if the toolchain of its language were here."""
    (known,) = (each for each in languages._LANGUAGES if each.id == language)  # noqa: SLF001
    command = Command(known.file, known.compile, known.run, {}, reserves=known.reserves)
    monkeypatch.setattr(languages, "installed", lambda: {language: Installed(known, command, ())})
    return place_of(Program("", "", _LIMITS, language=language))


@pytest.mark.parametrize(("language", "processes"), [("go", 1), ("bash", 32), ("java", 16), ("cpp", 16)])
def test_a_program_may_start_as_many_processes_as_its_language_lives_with(
    monkeypatch: pytest.MonkeyPatch, language: str, processes: int
) -> None:
    assert _place(monkeypatch, language).limits.processes == processes


def test_the_heap_of_java_follows_the_limit_and_not_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    command = _place(monkeypatch, "java").setup.command

    assert command is not None
    assert [each for each in Command.read(command).run if each[:3] == "-Xm"] == ["-Xms64m", "-Xmx384m"]

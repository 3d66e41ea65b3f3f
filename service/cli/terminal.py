"""What a person sees of a refinement: each round's program, review, change and verdict."""

import difflib
import unicodedata
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.status import Status
from rich.syntax import Syntax
from rich.text import Text

from service.client import ServerEvent

Json = dict[str, Any]

_JUDGED = {"correct": "green", "incorrect": "red", None: "yellow"}


def printable(text: str) -> str:
    """Replace control characters: a model must not drive the reader's terminal."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character)[0] != "C" else "\ufffd"
        for character in text
    )


def program(code: str) -> RenderableType:
    """Show a program."""
    return Padding(Syntax(printable(code), "python", background_color="default"), (0, 2))


def change(before: str, after: str) -> RenderableType:
    """Show what a revision changed, as a unified diff."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2)
    text = "\n".join(lines)
    if not text:
        return Text("  (the same program)", style="dim")
    return Padding(Syntax(printable(text), "diff", background_color="default"), (0, 2))


def review(critique: Json) -> RenderableType:
    """Show a critique with its judgment last."""
    parts = [
        Text(f"  {label}: {printable(critique[field]).strip()}")
        for label, field in (("Analysis", "analysis"), ("Suggestions", "suggestions"))
        if critique[field].strip()
    ]
    if not parts:
        parts = [Text(f"  {printable(critique['text']).strip()}")]
    return Group(*parts, judged(critique))


def judged(critique: Json) -> Text:
    """Show a judgment and how sure the critic is."""
    judgment, score = critique["judgment"], critique["score"]
    sure = "" if score is None else f"  P(correct) = {score:.2f}"
    return Text(f"  Judgment: {judgment or 'none that could be read'}{sure}", style=_JUDGED[judgment])


def outcome(verdict: Json, what: str = "Tests") -> Text:
    """Show a verdict, and the first thing that went wrong."""
    accepted = verdict["outcome"] == "accepted"
    text = f"  {what}: {verdict['passed']}/{verdict['total']} passed"
    if not accepted:
        text += f", {verdict['outcome'].replace('_', ' ')}"
        messages = [test.get("message") for test in verdict["tests"] if test["outcome"] != "accepted"]
        text += f"  ({printable(messages[0])[:120]})" if messages and messages[0] else ""
    return Text(text, style="green" if accepted else "red")


class Progress:
    """Prints a refinement's events as they come, with a line that moves while a model writes."""

    def __init__(self, console: Console, *, parallel: bool = False):
        self._console = console
        self._parallel = parallel
        self._status: Status | None = None
        self._written = 0
        self._programs: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._settle()

    def show(self, event: ServerEvent) -> None:
        """Print one event."""
        data = event.data
        match event.event:
            case "refinement.created":
                self._print(self._models(data))
            case "round.started":
                self._print(self._heading(data))
                self._written = 0
            case "solution.delta" | "critique.delta":
                self._move(event.event.partition(".")[0], data)
            case "solution.completed":
                self._print(self._solution(data))
            case "verdict.completed":
                self._print([outcome(data["verdict"])])
            case "critique.completed":
                self._print([review(data["critique"])])

    def _solution(self, data: Json) -> Iterable[RenderableType]:
        before = self._programs.get(data["candidate"])
        self._programs[data["candidate"]] = data["solution"]
        self._written = 0
        yield program(data["solution"]) if before is None else change(before, data["solution"])

    def _heading(self, data: Json) -> Iterable[RenderableType]:
        title = "draft" if data["round"] == 0 else f"revision {data['round']}"
        if self._parallel:
            title = f"candidate {data['candidate']}, {title}"
        yield Rule(Text(title, style="bold"), align="left")

    def _models(self, data: Json) -> Iterable[RenderableType]:
        models = data["models"]
        yield Text(f"generator {models['generator']['name']}, critic {models['critic']['name']}", style="dim")
        if data["notice"]:
            yield Text(f"note: {printable(data['notice'])}", style="yellow")

    def _move(self, what: str, data: Json) -> None:
        self._written += len(data["delta"])
        if self._status is None:
            self._status = self._console.status("")
            self._status.start()
        self._status.update(f"writing the {what} … {self._written} characters")

    def _print(self, renderables: Iterable[RenderableType]) -> None:
        self._settle()
        for renderable in renderables:
            self._console.print(renderable)

    def _settle(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._written = 0

"""`refine_code`: a refinement, told round by round."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Self

from service.api.drain import while_wanted
from service.api.mcp import words
from service.api.mcp.failure import FailedError
from service.api.mcp.progress import Progress
from service.api.mcp.tool import Answer, Call, Tool
from service.api.problems import Problem
from service.api.refine_request import RefineRequest
from service.api.refinement import CritiqueOut, RefinementOut, RoundOut, VerdictOut
from service.api.refining import Refining
from service.api.streaming import Frame
from service.domain.critique import Judgment
from service.domain.errors import DeadlineError
from service.domain.identity import Role
from service.domain.refinement import StopReason
from service.domain.templates import fenced
from service.domain.verdict import Outcome


class RoundAnswer(Answer):
    """What came of one round; round 0 is the draft."""

    candidate: int
    round: int
    judgment: Judgment | None
    score: float | None
    outcome: Outcome | None
    passed: int | None
    total: int | None

    @classmethod
    def of(cls, a_round: RoundOut) -> Self:
        critique, verdict = a_round.critique, a_round.verdict
        return cls(
            candidate=a_round.candidate,
            round=a_round.round,
            judgment=None if critique is None else critique.judgment,
            score=None if critique is None else critique.score,
            outcome=None if verdict is None else verdict.outcome,
            passed=None if verdict is None else verdict.passed,
            total=None if verdict is None else verdict.total,
        )

    def text(self) -> str:
        tests = None
        if self.outcome is not None and self.passed is not None and self.total is not None:
            tests = words.passed(self.outcome, self.passed, self.total)
        said = (words.judged(self.judgment, self.score), tests)
        return f"round {self.round}: {', '.join(part for part in said if part)}"


class RefineAnswer(Answer):
    """The program, and how far it is to be trusted."""

    id: str
    solution: str
    judgment: Judgment | None
    score: float | None
    tests_passed: bool | None
    stop_reason: StopReason
    selected_round: int
    rounds: list[RoundAnswer]
    remarks: str
    """What the critic last said of this program."""
    tokens: int
    seconds: float
    notice: str | None

    @classmethod
    def of(cls, refinement: RefinementOut) -> Self:
        selected = refinement.selected
        critique = next(
            (
                a_round.critique
                for a_round in refinement.rounds
                if (a_round.candidate, a_round.round) == (selected.candidate, selected.round)
            ),
            None,
        )
        return cls(
            id=refinement.id,
            solution=refinement.solution,
            judgment=refinement.judgment,
            score=refinement.score,
            tests_passed=refinement.tests_passed,
            stop_reason=refinement.stop_reason,
            selected_round=selected.round,
            rounds=[RoundAnswer.of(a_round) for a_round in refinement.rounds],
            remarks="" if critique is None else critique.analysis or critique.text,
            tokens=refinement.usage.prompt_tokens + refinement.usage.completion_tokens,
            seconds=refinement.seconds,
            notice=refinement.notice,
        )

    def text(self) -> str:
        judged = words.judged(self.judgment, self.score)
        done = self.stop_reason is StopReason.JUDGED_CORRECT
        return words.joined(
            f"The program of round {self.selected_round} is {judged}.",
            None if done else f"Stopped: {self.stop_reason.replace('_', ' ')}.",
            *(f"- {a_round.text()}" for a_round in self.rounds),
            f"Note: {self.notice}" if self.notice else None,
            fenced(self.solution),
        )


async def _refine(call: Call, body: RefineRequest) -> RefineAnswer:
    refining = Refining.of(body, call.services)
    try:
        async with asyncio.timeout(refining.limit_s):
            refinement = await while_wanted(call.request, _told(refining, call.progress))
    except TimeoutError:
        raise DeadlineError("the refinement did not end in time") from None
    return RefineAnswer.of(refinement)


async def _told(refining: Refining, progress: Progress) -> RefinementOut:
    """Run to the end and say what happens on the way."""
    async with aclosing(refining.frames()) as frames:
        async for frame in frames:
            if frame.event == "refinement.completed":
                return RefinementOut.model_validate(frame.data)
            if frame.event == "refinement.failed":
                raise FailedError(Problem.model_validate(frame.data["problem"]))
            if message := _message(frame):
                await progress.say(message)
    raise AssertionError("a refinement ends with refinement.completed or refinement.failed")


def _message(frame: Frame) -> str | None:
    said = _said(frame.event, frame.data)
    if said is None:
        return None
    candidate = frame.data["candidate"]
    where = f"round {frame.data['round']}" + (f" of candidate {candidate}" if candidate else "")
    return f"{where}: {said}"


def _said(event: str, data: Mapping[str, Any]) -> str | None:
    match event:
        case "round.started":
            return "writing the draft" if data["round"] == 0 else "revising"
        case "solution.completed":
            return f"a program of {len(data['solution'].splitlines())} lines"
        case "verdict.completed":
            return words.tested(VerdictOut.model_validate(data["verdict"]))
        case "critique.completed":
            critique = CritiqueOut.model_validate(data["critique"])
            return words.judged(critique.judgment, critique.score)
    return None


REFINE_CODE = Tool(
    name="refine_code",
    title="Refine a program",
    description="Improve a Python program, or write one: a trained critic reviews it, a generator revises "
    "it, and rounds repeat until the critic judges it correct. Give the draft you have as solution. Tests "
    "that you give are run in a sandbox and reported; the critic does not see them. Takes a while.",
    model=RefineRequest,
    arguments={
        "problem": words.PROBLEM,
        "solution": "A draft to start from; leave out to have one written.",
        "entry_point": words.ENTRY_POINT,
        "tests": words.TESTS,
        "rounds": "Revisions at most; leave out for the default.",
        "generator": "A configured generator; leave out for the default.",
        "critic": words.CRITIC,
    },
    required=("problem",),
    answer=RefineAnswer,
    work=_refine,
    roles=frozenset({Role.REFINE}),
)

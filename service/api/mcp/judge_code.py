"""`judge_code`: programs for one problem, scored and ranked."""

from typing import Self

from service.api.judge import judge
from service.api.judge_request import JudgeRequest
from service.api.judge_response import JudgeResponse, JudgeResult
from service.api.mcp import words
from service.api.mcp.failure import told
from service.api.mcp.tool import Answer, Call, Tool
from service.domain.critique import Judgment
from service.domain.identity import Role
from service.domain.ruling import Status
from service.domain.verdict import Outcome


class JudgedProgram(Answer):
    """One program's result; only `ok` has a score."""

    status: Status
    score: float | None
    judgment: Judgment | None
    outcome: Outcome | None
    passed: int | None
    total: int | None
    error: str | None

    @classmethod
    def of(cls, result: JudgeResult) -> Self:
        verdict = result.verdict
        return cls(
            status=result.status,
            score=result.score,
            judgment=result.judgment,
            outcome=None if verdict is None else verdict.outcome,
            passed=None if verdict is None else verdict.passed,
            total=None if verdict is None else verdict.total,
            error=None if result.error is None else told(result.error),
        )

    def text(self) -> str:
        said = [words.judged(self.judgment, self.score)] if self.error is None else [self.error]
        if self.outcome is not None and self.passed is not None and self.total is not None:
            said.append(words.passed(self.outcome, self.passed, self.total))
        return ", ".join(said)


class JudgeAnswer(Answer):
    """Results in the order of the programs, and their indices from best to worst."""

    results: list[JudgedProgram]
    ranking: list[int]
    best: int | None
    judge_version: str
    notice: str | None

    @classmethod
    def of(cls, response: JudgeResponse) -> Self:
        return cls(
            results=[JudgedProgram.of(result) for result in response.results],
            ranking=response.ranking,
            best=response.best,
            judge_version=response.judge_version,
            notice=response.notice,
        )

    def text(self) -> str:
        best = "No program could be judged." if self.best is None else f"Best is program {self.best}."
        return words.joined(
            best,
            *(f"- program {index}: {self.results[index].text()}" for index in self.ranking),
            f"Note: {self.notice}" if self.notice else None,
        )


async def _judge(call: Call, body: JudgeRequest) -> JudgeAnswer:
    return JudgeAnswer.of(await judge(body, call.request, call.services))


JUDGE_CODE = Tool(
    name="judge_code",
    title="Score programs",
    description="Score Python programs for one problem by the probability that they are correct, and rank "
    "them. A trained critic reads them; tests that you give are run in a sandbox and count first. Use it to "
    "choose between candidates.",
    model=JudgeRequest,
    arguments={
        "problem": words.PROBLEM,
        "solutions": "The programs to compare.",
        "entry_point": words.ENTRY_POINT,
        "tests": words.TESTS,
        "mode": "What decides: critique (the critic reads), exec (your tests), hybrid (your tests, then the "
        "critic), or pairwise (the critic compares two by two). Leave out for critique.",
        "votes": "Critiques asked for of each program: more are steadier and dearer.",
        "critic": words.CRITIC,
    },
    required=("problem", "solutions"),
    answer=JudgeAnswer,
    work=_judge,
    roles=frozenset({Role.JUDGE}),
)

"""`critique_code`: one review of a program."""

from typing import Self

from service.api.critique import CritiqueRequest, CritiqueResponse, critique
from service.api.mcp import words
from service.api.mcp.tool import Answer, Call, Tool
from service.domain.critique import Judgment


class CritiqueAnswer(Answer):
    """What the critic says."""

    judgment: Judgment | None
    score: float | None
    analysis: str
    suggestions: str
    notice: str | None

    @classmethod
    def of(cls, response: CritiqueResponse) -> Self:
        said = response.critique
        return cls(
            judgment=said.judgment,
            score=said.score,
            # A critique that cannot be taken apart is still worth reading.
            analysis=said.analysis or said.text,
            suggestions=said.suggestions,
            notice=response.notice,
        )

    def text(self) -> str:
        return words.joined(
            f"The program is {words.judged(self.judgment, self.score)}.",
            f"Analysis: {self.analysis}",
            f"Suggestions: {self.suggestions}" if self.suggestions else None,
            f"Note: {self.notice}" if self.notice else None,
        )


async def _critique(call: Call, body: CritiqueRequest) -> CritiqueAnswer:
    return CritiqueAnswer.of(await critique(body, call.request, call.services))


CRITIQUE_CODE = Tool(
    name="critique_code",
    title="Review a program",
    description="Have a trained critic review a Python program for a problem: what is wrong, how to mend it, "
    "and whether it is correct. It reads and does not run. To have the program mended, use refine_code.",
    model=CritiqueRequest,
    arguments={
        "problem": words.PROBLEM,
        "solution": "The program to review.",
        "entry_point": words.ENTRY_POINT,
        "critic": words.CRITIC,
    },
    required=("problem", "solution"),
    answer=CritiqueAnswer,
    work=_critique,
)

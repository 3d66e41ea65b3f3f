"""From an outcome to a number: the paper's reward, and three terms that are off by default."""

from dataclasses import dataclass, field

from service.domain.critique import Judgment, Parsed
from service.domain.fences import blocks, text_lines
from service.domain.syntax import parsed
from training.config import RewardConfig
from training.rewards.outcome import Outcome, Submission


@dataclass(frozen=True, slots=True)
class Reward:
    """One combined reward: beside a second one, TRL would count a missing outcome as 0."""

    config: RewardConfig = field(default_factory=RewardConfig)

    def __call__(self, submission: Submission, outcome: Outcome, length: float = 0.0) -> float | None:
        """Return the reward, None where the outcome is unknown. `length` in [0, 1]: of the allowed tokens."""
        if outcome.passed is None:
            return None
        reward = float(outcome.passed)
        if outcome.critique.parsed is Parsed.STRICT:  # else the bare word would earn what a critique does
            reward += self.config.judgment * judges_rightly(submission, outcome)
        reward -= self.config.direct_solution * holds_program(submission.text)
        return reward - self.config.length * length


def judges_rightly(submission: Submission, outcome: Outcome) -> bool:
    """Whether the judgment is what the tests said of the draft; False where the tests were not asked."""
    if submission.right is None or outcome.critique.judgment is None:
        return False
    return (outcome.critique.judgment is Judgment.CORRECT) is submission.right


def holds_program(text: str) -> bool:
    """Whether a critique holds a program of two lines or more: the generator would only copy it."""
    lines = text_lines(text)
    fenced = ("\n".join(lines[block.first : block.end]) for block in blocks(lines))
    return any("\n" in code.strip() and parsed(code) is not None for code in fenced)

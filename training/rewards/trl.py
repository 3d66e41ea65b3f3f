"""The reward as TRL wants it: one function for a batch, columns by name, None to abstain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from service.domain.critique import Judgment, Parsed
from training.rewards.desk import RewardDesk
from training.rewards.outcome import Outcome, Submission, Target
from training.rewards.tally import Tally
from training.rewards.terms import Reward, judges_rightly
from training.rewards.trace import Trace
from training.tasks.advice import is_careful

LogMetric = Callable[[str, float], None]


@dataclass
class CritiqueReward:
    """`reward_funcs` of a GRPOTrainer whose rows have the columns `task_id`, `code` and `right`.

    A second reward function beside this one would turn its None into 0, so everything is in this one.
    """

    __name__ = "critique"

    desk: RewardDesk
    targets: Mapping[str, Target]
    """By task id."""
    reward: Reward
    tally: Tally
    max_tokens: int
    """Of a critique; one that reaches it is truncated."""
    trace: Trace | None = None

    def submission(self, row: Mapping[str, Any], text: str, tokens: int) -> Submission:
        """What is scored: the critique `text` of a row, `tokens` long."""
        target = self.targets[str(row["task_id"])]
        truncated = tokens >= self.max_tokens
        return Submission(target, row["code"], text, truncated, row["right"])

    def begin(self, row: Mapping[str, Any], text: str, tokens: int) -> None:
        """Start scoring without waiting: sampling goes on meanwhile."""
        self.desk.submit(self.submission(row, text, tokens))

    def __call__(  # noqa: PLR0913, PLR0917 - TRL's own signature, by name
        self,
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]],
        task_id: Sequence[str],
        code: Sequence[str],
        right: Sequence[bool],
        log_metric: LogMetric | None = None,
        **_: object,
    ) -> list[float | None]:
        """Return one reward for each completion. Raises `StageError` where too many cannot be judged."""
        rows = [{"task_id": t, "code": c, "right": r} for t, c, r in zip(task_id, code, right, strict=True)]
        lengths = [len(ids) for ids in completion_ids]
        texts = [_text(completion) for completion in completions]
        submissions = [self.submission(*each) for each in zip(rows, texts, lengths, strict=True)]
        futures = [self.desk.submit(submission) for submission in submissions]
        outcomes = [future.result() for future in futures]
        self.tally.count(outcomes)
        if log_metric is not None:
            _log(log_metric, submissions, outcomes)
        shares = [min(1.0, length / self.max_tokens) for length in lengths]
        rewards = [self.reward(*each) for each in zip(submissions, outcomes, shares, strict=True)]
        if self.trace is not None:
            self.trace.add(submissions, outcomes, rewards)
        return rewards


def _text(completion: Any) -> str:
    """A completion's text: TRL passes a string, or a conversation where the prompt is one."""
    return completion if isinstance(completion, str) else str(completion[0]["content"])


def _log(log: LogMetric, submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
    pairs = list(zip(submissions, outcomes, strict=True))
    log("format", fmean(o.critique.parsed is Parsed.STRICT for o in outcomes))
    log("judgment_accuracy", fmean(judges_rightly(s, o) for s, o in pairs))
    log("unjudged", fmean(o.passed is None for o in outcomes))
    for name, kept in (("repaired", False), ("kept", True)):
        passed = [bool(o.passed) for s, o in pairs if s.right is kept and o.passed is not None]
        if passed:
            log(name, fmean(passed))
    if advice := list(_careful_advice(pairs)):
        log("advice", fmean(advice))


def _careful_advice(pairs: Sequence[tuple[Submission, Outcome]]) -> Iterator[bool]:
    """Whether the advice is a careful reviewer's, of each critique that rejects a wrong draft."""
    for submission, outcome in pairs:
        reference, critique = submission.target.reference, outcome.critique
        rejected = submission.right is False and critique.judgment is Judgment.INCORRECT
        if rejected and reference is not None:
            yield is_careful(reference, submission.code, critique.suggestions)

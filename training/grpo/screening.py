"""What critiques by stage I's critic earn on a draft, before stage II learns on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rich.progress import track

from service.domain.chat import Message, Sampling
from service.domain.task import Candidate
from service.domain.templates import CRITIC_TEMPLATE
from training.config import ScreenConfig
from training.rewards.desk import RewardDesk
from training.rewards.outcome import Submission, Target
from training.rewards.tally import Tally
from training.run import Record
from training.tasks.records import task_of
from training.writing.generation import Writer


@dataclass(frozen=True, slots=True)
class Screening:
    """Who criticises, who finds the rewards, and how many may be lost."""

    config: ScreenConfig
    tasks: Mapping[str, Record]
    """Lines of `tasks.jsonl` by id: the critic sees their public tests."""
    targets: Mapping[str, Target]
    writer: Writer
    desk: RewardDesk
    tally: Tally

    def screened(self, drafts: Sequence[Record], seed: int) -> list[Record]:
        """Lines of `screened.jsonl`: id, code, right, and which critiques had a revision that passes.

        Rewards lost to a broken part are left out; raises `StageError` where they are too many.
        """
        rewards = iter(self._rewards(self._criticized(drafts, seed)))
        each = [list(islice(rewards, self.config.critiques)) for _ in drafts]
        return [
            {"id": draft["id"], "code": draft["code"], "right": draft["right"]}
            | {"rewards": [reward for reward in earned if reward is not None]}
            for draft, earned in zip(drafts, each, strict=True)
        ]

    def _criticized(self, drafts: Sequence[Record], seed: int) -> list[Submission]:
        """Critiques, those of one draft side by side."""
        repeated = [draft for draft in drafts for _ in range(self.config.critiques)]
        sampling = Sampling(self.config.temperature, max_tokens=self.config.max_tokens, seed=seed)
        completions = self.writer.write([self._request(draft) for draft in repeated], sampling, "critiques")
        return [
            Submission(
                self.targets[str(draft["id"])], str(draft["code"]), c.text, c.finish_reason == "length"
            )
            for draft, c in zip(repeated, completions, strict=True)
        ]

    def _request(self, draft: Record) -> list[Message]:
        task = task_of(self.tasks[str(draft["id"])], hidden=False)
        return CRITIC_TEMPLATE.request(task, Candidate(str(draft["code"])))

    def _rewards(self, submissions: Sequence[Submission]) -> list[bool | None]:
        futures = [self.desk.submit(submission) for submission in submissions]
        outcomes = [future.result() for future in track(futures, "revisions", transient=True)]
        self.tally.count(outcomes)
        return [outcome.passed for outcome in outcomes]

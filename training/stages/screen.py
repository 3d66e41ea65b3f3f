"""Stage `screen`: which drafts stage II can learn from, as the critic of stage I does on each."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from training.grpo.rows import Standing, drawn_drafts, standing, usable_drafts
from training.grpo.screening import Screening
from training.judging import sandbox_service
from training.options import Options
from training.rewards.tally import Tally
from training.run import Record, Run, StageError
from training.stages.grpo import all_targets, reward_desk
from training.stages.solve import hash_seed
from training.weights.places import Weights
from training.writing.writers import writer_of

_console = Console(stderr=True)


def run_stage(run: Run, options: Options) -> None:
    """Write `screened.jsonl`: id, code, right, rewards; nothing where the configuration has no [screen]."""
    config = run.config.screen
    if config is None:
        _console.print("nothing to do: without [screen] stage II learns on drafts as they come")
        return
    seed = run.config.seed
    chosen = drawn_drafts(usable_drafts(run), config.drafts, config.wrong_share, f"{seed}:screen")
    tasks = {str(record["id"]): record for record in run.records("tasks.jsonl")}
    journal = run.unfinished("screen") / "completions.jsonl"
    writer = writer_of(run.config.engines.sft, lambda: Weights(str(run.made("critic"))), journal)
    tally = Tally(run.config.grpo.most_unjudged)
    with (
        sandbox_service(options.sandbox_url) as url,
        reward_desk(run, url, config.max_revision_tokens) as desk,
    ):
        screening = Screening(config, tasks, all_targets(run), writer, desk, tally)

        def work(chunk: Sequence[Record]) -> list[Record]:
            return screening.screened(chunk, hash_seed(seed, f"{chunk[0]['id']}{chunk[0]['code']}"))

        run.in_chunks("screen", "screened.jsonl", chosen, work)
    _tell(run.records("screened.jsonl"))


def _tell(screened: Sequence[Record]) -> None:
    """Say how many drafts are kept; raises `StageError` where none is."""
    counts = Counter(map(standing, screened))
    told = (
        f"{counts[Standing.MIXED]} of {len(screened)} drafts are kept; of {counts[Standing.NEVER]} no "
        f"critique earned the reward, of {counts[Standing.ALWAYS]} all did"
    )
    if not counts[Standing.MIXED]:
        raise StageError(f"{told}: raise screen.critiques or screen.drafts")
    _console.print(told, highlight=False)

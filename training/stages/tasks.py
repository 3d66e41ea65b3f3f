"""Stage `tasks`: the problems to train on, as JSON lines."""

from training.data.prepare import prepare
from training.options import Options
from training.run import Run
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl


def run_stage(run: Run, _options: Options) -> None:
    """Write `tasks.jsonl`; from a data set also the other splits and `tasks.report.json`."""
    if run.config.tasks.source != "mini":
        prepare(run)
        return
    drawn = problems(Split.TRAIN, run.config.seed, run.config.solve.problems)
    write_jsonl(run.file("tasks.jsonl"), (problem_to_json(problem) for problem in drawn))

"""From the files of a data set to the records of the stage `tasks`."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from training.config import TasksConfig
from training.data.code_contests import code_contests_task
from training.data.contamination import EvaluationIndex
from training.data.evaluation_sets import evaluation_problems
from training.data.filters import Filters
from training.data.length import length_by
from training.data.limits import bounded
from training.data.live_code_bench import live_code_bench_task
from training.data.mbpp_plus import mbpp_plus_task
from training.data.plain import plain_task
from training.data.report import Report
from training.data.rows import Row, data_files, read_rows
from training.data.source_task import SourceTask
from training.data.splits import rank, split_of
from training.data.spool import Spool
from training.data.taco import taco_task
from training.run import Record, Run, StageError
from training.tasks.mini import Split
from training.tasks.records import write_jsonl

_CONVERTERS: dict[str, Callable[[Row], SourceTask]] = {
    "taco": taco_task,
    "code_contests": code_contests_task,
    "jsonl": plain_task,
    "livecodebench": live_code_bench_task,
    "mbppplus": mbpp_plus_task,
}
# The file that the next stage reads is written last.
_FILES = {
    Split.TEST: "tasks.test.jsonl",
    Split.VALIDATION: "tasks.validation.jsonl",
    Split.TRAIN: "tasks.jsonl",
}


def prepare(run: Run) -> None:
    """Write the splits and `tasks.report.json`; raises `StageError` where nothing is left to train on."""
    config = run.config.tasks
    assert config.path is not None
    files = data_files(config.path, "tasks.path")
    index = EvaluationIndex(evaluation_problems(config.evaluation), config.ngram, config.overlap)
    filters = Filters(config, length_by(config.tokenizer), index)
    report = Report(config, index.problems)
    with Spool(run.unfinished("tasks") / "kept.jsonl") as spool:
        for task in _tasks(files, config.source, config):
            reason, match = filters.verdict(task)
            report.add(task, reason, match)
            if reason is None:
                spool.add(task.to_json(), split_of(task.id, config), rank(task.id, run.config.seed))
        _keep_apart(spool, config, report)
        _write(run, spool, report)


def set_tasks(source: str, path: Path, field: str, config: TasksConfig) -> Iterator[SourceTask]:
    """Every task of a data set, unfiltered; `field` of the configuration named it, and is told in errors."""
    return _tasks(data_files(path, field), source, config)


def _tasks(files: Sequence[Path], source: str, config: TasksConfig) -> Iterator[SourceTask]:
    convert = _CONVERTERS[source]
    with Progress(transient=True) as progress:
        bar = progress.add_task(f"reading {source}", total=sum(file.stat().st_size for file in files))
        for file in files:
            for row in read_rows(file):
                yield bounded(convert(row), config)
                progress.advance(bar, row.size_bytes)


def _keep_apart(spool: Spool, config: TasksConfig, report: Report) -> None:
    """Drop what overlaps with the run's own test split: it is an evaluation set like any other."""
    own = ((f"{_FILES[Split.TEST]}: {r['id']}", str(r["problem"])) for r in spool.records(Split.TEST))
    index = EvaluationIndex(own, config.ngram, config.overlap)

    def is_contaminated(record: Record) -> bool:
        match = index.match(str(record["problem"]))
        if match is not None:
            report.take_back(record, match)
        return match is not None

    for split in (Split.TRAIN, Split.VALIDATION):
        spool.discard(split, is_contaminated)


def _write(run: Run, spool: Spool, report: Report) -> None:
    limits = {Split.TRAIN: run.config.solve.problems}
    report.written = {
        name: min(spool.count(split), limits.get(split, spool.count(split))) for split, name in _FILES.items()
    }
    report.beyond_limit = spool.count(Split.TRAIN) - report.written[_FILES[Split.TRAIN]]
    report.write(run.file("tasks.report.json"))
    Console(stderr=True).print(report.table())
    if not spool.count(Split.TRAIN):
        raise StageError(
            f"no problem is left to train on: {report.why_nothing()}; "
            f"see {run.file('tasks.report.json')} and the section tasks of the configuration"
        )
    for split, name in _FILES.items():
        write_jsonl(run.file(name), spool.records(split, limits.get(split)))

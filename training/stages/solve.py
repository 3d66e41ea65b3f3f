"""Stage `solve`: several drafts a problem, sampled from the generator (paper: four, here as configured)."""

from collections.abc import Sequence

from service.domain.chat import Sampling
from service.domain.extraction import extract_code
from service.domain.templates import GENERATOR_TEMPLATE
from training.options import Options
from training.run import Record, Run
from training.tasks.records import task_of
from training.writing.generation import Writer
from training.writing.writers import generator_writer


def run_stage(run: Run, _options: Options) -> None:
    """Write `drafts.jsonl`: id, draft, code."""
    writer = generator_writer(run, "solve")
    config = run.config.solve
    wanted = [record | {"draft": n} for record in run.records("tasks.jsonl") for n in range(config.drafts)]

    def work(chunk: Sequence[Record]) -> list[Record]:
        seed = hash_seed(run.config.seed, str(chunk[0]["id"]))
        sampling = Sampling(config.temperature, config.top_p, config.max_tokens, seed)
        return _drafts(writer, chunk, sampling)

    run.in_chunks("solve", "drafts.jsonl", wanted, work)


def hash_seed(seed: int, text: str) -> int:
    """A seed of its own for each chunk, the same after a restart."""
    return (seed * 1_000_003 + sum(text.encode())) % 2**31


def _drafts(writer: Writer, records: Sequence[Record], sampling: Sampling) -> list[Record]:
    prompts = [GENERATOR_TEMPLATE.proposal(task_of(record, hidden=False)) for record in records]
    completions = writer.write(prompts, sampling, "drafts")
    pairs = zip(records, completions, strict=True)
    return [{"id": r["id"], "draft": r["draft"], "code": extract_code(c.text)} for r, c in pairs]

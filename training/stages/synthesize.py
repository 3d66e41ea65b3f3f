"""Stage `synthesize`: critiques written with the hint in view, to be learnt without it (paper 3.2)."""

import random
from collections import defaultdict
from collections.abc import Sequence

from service.domain.chat import Sampling
from service.domain.critique import Judgment, Parsed
from service.domain.hints import leaks_hint
from service.domain.parsing import parse_critique
from service.domain.task import Candidate
from service.domain.templates import CRITIC_TEMPLATE
from training.config import SynthesizeConfig
from training.options import Options
from training.run import Record, Run
from training.stages.solve import hash_seed
from training.tasks.records import task_of
from training.writing.writers import generator_writer


def run_stage(run: Run, _options: Options) -> None:
    """Write `critiques.jsonl`: id, code, right, critique."""
    config = run.config.synthesize
    writer = generator_writer(run, "synthesize")
    lessons = run.records("tasks.jsonl")[: config.problems]
    tasks = {record["id"]: task_of(record, hidden=False) for record in lessons}

    def work(chunk: Sequence[Record]) -> list[Record]:
        prompts = [
            CRITIC_TEMPLATE.request(tasks[r["id"]], Candidate(str(r["code"])), str(r["hint"])) for r in chunk
        ]
        seed = hash_seed(run.config.seed, str(chunk[0]["id"]))
        sampling = Sampling(config.temperature, config.top_p, config.max_tokens, seed)
        completions = writer.write(prompts, sampling, "hinted critiques")
        pairs = zip(chunk, completions, strict=True)
        return [
            {"id": r["id"], "code": r["code"], "right": r["right"], "critique": c.text}
            for r, c in pairs
            if c.finish_reason == "stop" and is_target(c.text, right=bool(r["right"]))
        ]

    hinted = [record for record in run.records("hints.jsonl") if record["id"] in tasks]
    chosen = balanced(hinted, config, run.config.seed)
    run.in_chunks("synthesize", "critiques.jsonl", chosen, work)


def is_target(text: str, *, right: bool) -> bool:
    """Whether a critique is worth learning: well-formed, agreeing with the tests, silent about the hint."""
    critique = parse_critique(text)
    judgment = Judgment.CORRECT if right else Judgment.INCORRECT
    return critique.parsed is Parsed.STRICT and critique.judgment is judgment and not leaks_hint(text)


def balanced(records: Sequence[Record], config: SynthesizeConfig, seed: int) -> list[Record]:
    """Few drafts a problem, and right and wrong ones in the share wanted, if any; deterministic by seed."""
    rng = random.Random(f"{seed}:balance")
    by_task: dict[object, list[Record]] = defaultdict(list)
    for record in records:
        by_task[record["id"]].append(record)
    kept = [r for group in by_task.values() for r in rng.sample(group, min(config.per_problem, len(group)))]
    if config.right_share is None:
        rng.shuffle(kept)
        return kept
    right = [record for record in kept if record["right"]]
    wrong = [record for record in kept if not record["right"]]
    if not 0 < config.right_share < 1:
        return right if config.right_share == 1 else wrong
    size = min(len(right) / config.right_share, len(wrong) / (1 - config.right_share))
    chosen = right[: round(size * config.right_share)] + wrong[: round(size * (1 - config.right_share))]
    rng.shuffle(chosen)
    return chosen

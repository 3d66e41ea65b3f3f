"""Stage `export`: the weights that the service loads, each with a manifest that says what they are.

One format serves both engines: HF safetensors, which vLLM loads and the embedded engine reads as it is.
"""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE
from training.options import Options
from training.run import Record, Run, StageError
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl
from training.weights.handover import hand_over
from training.weights.loading import ADAPTER, adapter_base
from training.weights.manifest import commit, digests, sha256, versions, weights_sha256, write_manifest
from training.weights.places import Weights

_MINI = "mini world only: short list, text and number pipelines; not a general programming model"
_DEMO_SEED = 20_000
_DEMO_PROBLEMS = 40
TEMPLATES: dict[str, dict[str, str | None]] = {
    "generator": {
        "id": GENERATOR_TEMPLATE.id,
        "system": None,
        "propose": GENERATOR_TEMPLATE.propose,
        "revise": GENERATOR_TEMPLATE.revise,
    },
    "critic": {
        "id": CRITIC_TEMPLATE.id,
        "system": None,
        "critique": CRITIC_TEMPLATE.critique,
        "hint": CRITIC_TEMPLATE.hint,
    },
}


def run_stage(run: Run, options: Options) -> None:
    """Write the critic and, in the mini world, the generator and the demonstration's problems."""
    if run.config.base is None:
        export_model(run, "base", options.weights / "generator", "generator")
        unseen = problems(Split.TEST, run.config.seed + _DEMO_SEED, _DEMO_PROBLEMS)
        write_jsonl(options.weights / "demo.jsonl", (problem_to_json(problem) for problem in unseen))
    else:
        Console(stderr=True).print(f"the generator is {run.base()} as it is", highlight=False)
    export_model(run, trained(run), options.weights / "critic", "critic")


def trained(run: Run) -> str:
    """The critic of the last stage that trained one: reinforcement's, else SFT's."""
    return "critic-rl" if run.file("critic-rl").exists() else "critic"


def export_model(run: Run, source: str, target: Path, role: str) -> None:
    """Write a model of the run to `target`, with its manifest, whole or not at all."""
    folder = run.made(source)
    adapter = run.config.export.adapter and role == "critic"
    if adapter and not (folder / ADAPTER).is_file():
        raise StageError(
            f"export.adapter is true, but {folder} is a whole model: take it out, or train with LoRA"
        )
    with hand_over(folder, target, half=run.config.base is None, merge=not adapter) as partial:
        write_manifest(partial, role, _manifest(run, folder, partial, role))


def _manifest(run: Run, source: Path, target: Path, role: str) -> Record:
    mini = run.config.base is None
    adapter = (target / ADAPTER).is_file()
    return {
        "schema": 1,
        "name": f"ctrl-refine-{run.config.name}-{role}",
        "role": role,
        "kind": "lora" if adapter else "full",
        "scope": _MINI if mini else f"programs like those that {run.config.name} was trained on",
        "notice": f"tiny models trained from scratch, {_MINI}" if mini else None,
        "base": _origin(run, adapter_base(source) if adapter else run.base()),
        "parent": weights_sha256(run.file("critic")) if source.name == "critic-rl" else None,
        "files": digests(target),
        "template": TEMPLATES[role],
        "sampling": _sampling(role, mini=mini, most=run.config.grpo.max_completion_tokens),
        "dataset_sha256": sha256(run.made("critiques.jsonl")) if role == "critic" else None,
        "config": run.config.model_dump(mode="json"),
        "commit": commit(),
        "versions": versions(),
        "metrics": {},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _origin(run: Run, weights: Weights) -> Record:
    """Name and digest of the model below; a model of the hub that is not on this machine has a name only."""
    folder = weights.cached()
    own = folder == run.file("base")
    origin: Record = {
        "name": f"{run.config.name}-base" if own else weights.name,
        "sha256": None if folder is None else weights_sha256(folder),
    }
    return origin if weights.revision is None else origin | {"revision": weights.revision}


def _sampling(role: str, *, mini: bool, most: int) -> Record:
    """Decoding that suits: greedy in the mini world, the paper's elsewhere (C.4)."""
    if not mini:
        return {"critique": {"temperature": 0.7, "top_p": 0.8, "max_tokens": most}}
    greedy = {"temperature": 0.0, "max_tokens": 256}
    if role == "critic":
        return {"critique": greedy}
    return {"propose": {"temperature": 1.0, "top_p": 1.0, "max_tokens": 192}, "revise": greedy}

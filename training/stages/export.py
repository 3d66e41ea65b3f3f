"""Stage `export`: the weights that the service loads, each with a manifest that says what they are.

One format serves both engines: HF safetensors, which vLLM loads and the embedded engine reads as it is.
"""

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from safetensors.torch import load_file, save_file

from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE
from training.options import Options
from training.run import Record, Run
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl

_SCOPE = "mini world only: short list, text and number pipelines; not a general programming model"
_FILES = (
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
_DEMO_SEED = 20_000
_DEMO_PROBLEMS = 40


def run_stage(run: Run, options: Options) -> None:
    """Write `generator`, `critic` and the demonstration's problems under the weights' folder."""
    template = {"id": GENERATOR_TEMPLATE.id, "system": None}
    template |= {"propose": GENERATOR_TEMPLATE.propose, "revise": GENERATOR_TEMPLATE.revise}
    export_model(run, "base", options.weights / "generator", "generator", template)
    template = {"id": CRITIC_TEMPLATE.id, "system": None}
    template |= {"critique": CRITIC_TEMPLATE.critique, "hint": CRITIC_TEMPLATE.hint}
    export_model(run, "critic", options.weights / "critic", "critic", template)
    unseen = problems(Split.TEST, run.config.seed + _DEMO_SEED, _DEMO_PROBLEMS)
    write_jsonl(options.weights / "demo.jsonl", (problem_to_json(problem) for problem in unseen))


def export_model(run: Run, source: str, target: Path, role: str, template: dict[str, str | None]) -> None:
    """Copy a model in half precision (the error is far below sampling noise) and write its manifest last."""
    target.mkdir(parents=True, exist_ok=True)
    weights = load_file(run.made(source) / "model.safetensors")
    half = {name: tensor.half() for name, tensor in weights.items()}
    save_file(half, target / "model.safetensors", metadata={"format": "pt"})
    (target / "model.safetensors").chmod(0o644)
    for name in _FILES:
        shutil.copy(run.file(source) / name, target / name)
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps(config | {"dtype": "float16"}, indent=1) + "\n")
    write_manifest(target, role, _manifest(run, target, role, template))


def write_manifest(target: Path, role: str, changes: Record) -> None:
    """Write or update a manifest: whole or not at all."""
    path = target / f"{role}.json"
    known: Record = json.loads(path.read_text()) if path.is_file() and "schema" not in changes else {}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(known | changes, indent=1, ensure_ascii=False) + "\n")
    partial.replace(path)


def _manifest(run: Run, target: Path, role: str, template: dict[str, str | None]) -> Record:
    base = sha256(run.file("base") / "model.safetensors")
    greedy = {"temperature": 0.0, "max_tokens": 256}
    sampling = {
        "generator": {"propose": {"temperature": 1.0, "top_p": 1.0, "max_tokens": 192}, "revise": greedy},
        "critic": {"critique": greedy},
    }
    return {
        "schema": 1,
        "name": f"ctrl-refine-mini-{role}",
        "role": role,
        "kind": "full",
        "scope": _SCOPE,
        "notice": f"tiny models trained from scratch, {_SCOPE}",
        "base": {"name": f"{run.config.name}-base", "sha256": base},
        "files": {name: sha256(target / name) for name in ("model.safetensors", *_FILES)},
        "template": template,
        "sampling": sampling[role],
        "dataset_sha256": sha256(run.file("critiques.jsonl")) if role == "critic" else None,
        "config": run.config.model_dump(mode="json"),
        "commit": _commit(),
        "metrics": {},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def sha256(path: Path) -> str:
    """Hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _commit() -> str | None:
    """The commit that the code is at, None outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return None
    answer = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None

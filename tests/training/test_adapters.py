"""SFT and export from weights on disk, whole and with LoRA."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
import json
from pathlib import Path

import pytest

from tests.tiny_run import tiny_run
from training.options import Options
from training.run import Record, Run, StageError

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]
LORA: Record = {"lora": {"rank": 4, "alpha": 64}}


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    from training.stages import sft

    run = tiny_run(tmp_path_factory.mktemp("adapted"), LORA)
    sft.run_stage(run, Options())
    return run


def exported(run: Run, target: Path, *, adapter: bool) -> Path:
    from training.stages import export

    form = run.config.export.model_copy(update={"adapter": adapter})
    export.run_stage(Run(run.config.model_copy(update={"export": form})), Options(weights=target))
    return target / "critic"


def test_a_merged_critic_answers_as_base_and_adapter_do(adapted: Run, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    whole = AutoModelForCausalLM.from_pretrained(exported(adapted, tmp_path, adapter=False))
    base = AutoModelForCausalLM.from_pretrained(str(adapted.base()))
    ids = torch.arange(1, 200).unsqueeze(0)
    with torch.no_grad():
        untrained = base(ids).logits
        both = PeftModel.from_pretrained(base, str(adapted.file("critic")))(ids).logits

        assert torch.allclose(whole(ids).logits, both, atol=1e-3)
        assert not torch.allclose(untrained, both, atol=1e-1)


def test_an_adapter_is_exported_alone_and_names_its_base(adapted: Run, tmp_path: Path) -> None:
    from service.adapters.manifest import read_manifest
    from training.weights.manifest import sha256

    critic = exported(adapted, tmp_path, adapter=True)

    manifest = json.loads((critic / "critic.json").read_text(encoding="utf-8"))
    base = Path(str(adapted.base()))
    read_manifest(critic / "critic.json").verify(critic)
    assert manifest["kind"] == "lora"
    assert manifest["base"] == {"name": str(base), "sha256": sha256(base / "model.safetensors")}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"} <= set(manifest["files"])
    assert "model.safetensors" not in manifest["files"]
    assert manifest["versions"]["peft"]


def test_an_adapter_folder_writes_what_its_merged_model_writes(adapted: Run, tmp_path: Path) -> None:
    from service.domain.chat import Message, Sampling
    from training.writing.generation import TransformersWriter

    prompts = [[Message("user", "Keep the even numbers, then return the sum.")]]
    greedy = Sampling(temperature=0.0, max_tokens=12)
    forms = (adapted.file("critic"), exported(adapted, tmp_path, adapter=False))
    texts = [TransformersWriter(form).write(prompts, greedy, "critiques")[0].text for form in forms]

    assert texts[0] == texts[1]


def test_a_whole_critic_is_never_exported_as_an_adapter(tmp_path: Path) -> None:
    from training.stages import sft

    run = tiny_run(tmp_path, {"batch": 8})
    sft.run_stage(run, Options())

    with pytest.raises(StageError, match=r"export\.adapter is true, but .* is a whole model"):
        exported(run, tmp_path / "weights", adapter=True)
    assert not (tmp_path / "weights" / "critic").exists()


def test_a_critic_of_reinforcement_is_exported_before_the_one_of_sft(adapted: Run, tmp_path: Path) -> None:
    import shutil

    from training.weights.manifest import weights_sha256

    run = Run(adapted.config.model_copy(update={"out": tmp_path / "run"}))
    shutil.copytree(adapted.out, run.out)
    shutil.copytree(Path(str(adapted.base())), run.file("critic-rl"))
    critic = exported(run, tmp_path / "weights", adapter=False)

    manifest = json.loads((critic / "critic.json").read_text(encoding="utf-8"))
    assert manifest["parent"] == weights_sha256(run.file("critic"))
    assert manifest["files"]["model.safetensors"] == weights_sha256(run.file("critic-rl"))


def test_shards_are_handed_over_in_their_own_format(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from tests.engine_checkpoint import write_checkpoint
    from training.weights.handover import hand_over

    model = AutoModelForCausalLM.from_pretrained(write_checkpoint(tmp_path / "whole"), dtype=torch.bfloat16)
    model.save_pretrained(tmp_path / "shards", max_shard_size="50KB")
    with hand_over(tmp_path / "shards", tmp_path / "out", half=False, merge=True):
        pass

    names = {path.name for path in (tmp_path / "shards").iterdir()}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert len([name for name in names if name.endswith(".safetensors")]) > 1
    assert "model.safetensors.index.json" in names
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out").dtype == torch.bfloat16


def test_examples_over_the_limit_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.stages import sft
    from training.weights.loading import load_tokenizer

    run = tiny_run(tmp_path)
    tokenizer = load_tokenizer(run.base())
    lengths = sorted(sft.token_count(row, tokenizer) for row in sft.examples(run))
    limit = run.config.sft.model_copy(update={"max_tokens": lengths[9]})

    kept = sft.dataset(Run(run.config.model_copy(update={"sft": limit})), tokenizer)

    left_out = sum(length > lengths[9] for length in lengths)
    assert len(kept) == 16 - left_out < 16
    assert f"{left_out} of 16 examples are left out: over {lengths[9]} tokens" in capsys.readouterr().err


def test_a_tokenizer_without_a_chat_template_is_refused_with_the_remedy(tmp_path: Path) -> None:
    from training.weights.loading import load_tokenizer

    base = tiny_run(tmp_path).base()
    (Path(base.name) / "chat_template.jinja").unlink()

    with pytest.raises(StageError, match=r"llama has no chat template: .* as chat_template\.jinja"):
        load_tokenizer(base)


def test_a_run_from_weights_has_no_base_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from training.stages import base

    run = tiny_run(tmp_path)
    base.run_stage(run, Options())

    assert f"nothing to do: the run starts from {run.base()}" in capsys.readouterr().err.replace("\n", "")
    assert not run.file("base").exists()

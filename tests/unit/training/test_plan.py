import io
import json
import re
import sys
from pathlib import Path
from subprocess import run

import pytest
from pydantic import ValidationError
from rich.console import Console
from typer.testing import CliRunner

from training.cli import app
from training.config import HardwareConfig, TrainConfig, load_config
from training.errors import StageError
from training.plan.architecture import Architecture, architecture_of
from training.plan.checks import warnings
from training.plan.duration import Assumptions, Clock, Cluster, update_operations
from training.plan.memory import Training
from training.plan.planner import planner_of
from training.plan.serving import Serving
from training.plan.table import show

CONFIGS = sorted(Path("configs").glob("*.toml"))
SEVEN_B = 7_615_616_512
"""Parameters of Qwen2.5-7B, as its card rounds them: 7.61 B."""


def known(name: str) -> Architecture:
    found = architecture_of(name)
    assert found is not None
    return found


def changed(section: str, **changes: object) -> TrainConfig:
    config = load_config(Path("configs/qwen7b-1x8.toml"))
    part = getattr(config, section).model_copy(update=changes)
    return config.model_copy(update={section: part})


def said(section: str, **changes: object) -> str:
    return "\n".join(warnings(planner_of(changed(section, **changes))))


@pytest.mark.parametrize("path", CONFIGS, ids=str)
def test_every_shipped_configuration_is_planned_without_a_warning(path: Path) -> None:
    assert warnings(planner_of(load_config(path))) == []


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Qwen/Qwen2.5-Coder-0.5B", 494_032_768),
        ("Qwen/Qwen2.5-Coder-1.5B-Instruct", 1_543_714_304),
        ("Qwen/Qwen2.5-Coder-3B", 3_085_938_688),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", SEVEN_B),
        ("Qwen/Qwen2.5-Coder-14B-Instruct", 14_770_033_664),
        ("Qwen/Qwen2.5-Coder-32B-Instruct", 32_763_876_352),
        ("Zhihui/CTRL-32B", 32_763_876_352),
        ("Qwen/Qwen3-8B", 8_190_735_360),
    ],
)
def test_a_known_model_has_as_many_parameters_as_published(name: str, parameters: int) -> None:
    assert known(name).parameters == parameters


def test_a_folder_is_measured_by_its_own_configuration(tmp_path: Path) -> None:
    config = {
        "model_type": "llama",
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 16,
        "vocab_size": 10,
        "tie_word_embeddings": True,
    }
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    # a layer: q 64, k 32, v 32, o 64, MLP 3 x 128, norms 16; then embeddings 80 and the last norm 8
    assert known(str(tmp_path)).parameters == 2 * (64 + 32 + 32 + 64 + 384 + 16) + 80 + 8
    # rank 3: q 16, k 12, v 12, o 16, MLP 3 x 24 of inputs and outputs together
    assert known(str(tmp_path)).adapter_parameters(3) == 2 * 3 * (16 + 12 + 12 + 16 + 72)


def test_a_folder_without_a_decoder_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "vit"}', encoding="utf-8")

    with pytest.raises(StageError, match=r"config\.json does not describe a decoder"):
        architecture_of(str(tmp_path))


def test_seven_billion_parameters_take_sixteen_bytes_each_to_train_in_full() -> None:
    parts = Training(known("Qwen2.5-Coder-7B"), shards=1, tokens=1).parts()

    assert parts["weights"] / 1e9 == pytest.approx(15.2, abs=0.05)
    assert parts["gradients"] == parts["weights"]
    assert parts["optimizer"] == 12 * SEVEN_B
    assert parts["reference"] == 0


def test_shards_share_the_states_and_not_the_activations() -> None:
    alone, eighth = (Training(known("Qwen2.5-Coder-7B"), shards=n, tokens=2048).parts() for n in (1, 8))

    assert all(eighth[part] == alone[part] / 8 for part in ("weights", "gradients", "optimizer"))
    assert eighth["activations"] == alone["activations"]
    assert (alone["gathered layers"], eighth["gathered layers"] > 0) == (0, True)


def test_activations_are_the_inputs_of_all_layers_and_the_inside_of_one() -> None:
    tokens = 4 * 2048
    parts = Training(known("Qwen2.5-Coder-7B"), shards=8, tokens=tokens).parts()

    inputs = 2 * tokens * 3584 * 28  # 1.64 GB
    inside = 2 * tokens * (4 * 3584 + 2 * 3584 + 2 * 512 + 4 * 18_944)  # 1.61 GB
    assert parts["activations"] == inputs + inside


def test_an_adapter_needs_states_for_itself_alone_and_no_reference() -> None:
    model = known("Qwen2.5-Coder-7B")
    parts = Training(model, shards=1, tokens=1, rank=64).parts()

    adapter = 28 * 64 * (2 * 3584 + 2 * (3584 + 512) + 2 * 3584 + 3 * (3584 + 18_944))
    assert model.adapter_parameters(64) == adapter
    assert parts["weights"] == 2 * (SEVEN_B + adapter)
    assert parts["optimizer"] == 12 * adapter


def test_fsdp2_gathers_the_whole_reference_and_zero3_a_layer() -> None:
    model = known("Qwen2.5-Coder-7B")
    by_layer, whole = (
        Training(model, shards=8, tokens=1, reference=True, layered_reference=layered).parts()
        for layered in (True, False)
    )

    assert by_layer["reference"] == whole["reference"] == 2 * SEVEN_B / 8
    assert by_layer["gathered reference"] == 0
    assert whole["gathered reference"] == 2 * 2 * SEVEN_B
    alone = Training(model, shards=1, tokens=1, reference=True, layered_reference=False).parts()
    assert alone["gathered reference"] == 0


def test_an_adapter_gathers_no_reference() -> None:
    parts = Training(known("Qwen2.5-Coder-7B"), 8, 1, rank=64, layered_reference=False).parts()

    assert parts["gathered reference"] == 0


def test_a_reference_too_large_to_be_gathered_whole_is_warned_of_with_the_remedy() -> None:
    config = load_config(Path("configs/qwen32b-8x8.toml"))
    fsdp2 = config.hardware.model_copy(update={"sharding": "fsdp2"})

    (warning,) = warnings(planner_of(config, fsdp2))

    assert warning.startswith("grpo does not fit: 165.3 GB on a GPU of 80 GB")
    assert "fsdp2 gathers the whole reference: take zero3 for hardware.sharding" in warning


def test_a_served_model_leaves_the_rest_of_its_share_to_keys_and_values() -> None:
    serving = Serving(known("Qwen2.5-Coder-32B"), tensor_parallel=4, share_gb=72)

    assert serving.weights_gb == pytest.approx(65.53 / 4, abs=0.01)
    # 64 layers x (8 + 8) heads x 128 numbers x 2 bytes = 262,144 bytes a token
    assert serving.sequences(4096) == int(4 * (72 - 65.527752704 / 4) * 1e9 // (262_144 * 4096))


def test_seconds_follow_from_operations_and_the_share_reached() -> None:
    assumed = Assumptions(training_mfu=0.5, prefill_mfu=0.5, sampling_mfu=0.1)
    clock = Clock(Cluster(tflops=1000, memory_gb=80, trainers=4, samplers=2, generators=2), assumed)

    # 8 operations x 1e9 parameters x 1e6 tokens on 4 GPUs of 5e14 operations a second reached
    assert clock.training_s(10**9, 1e6, 8, gpus=4) == pytest.approx(4.0)
    assert clock.rate(10**9) == pytest.approx(50_000)
    # reading: 2e9 x 1e6 / 5e14 = 4 s; writing: 1e5 / 5e4 = 2 s; two GPUs
    assert clock.sampling_s(10**9, read=1e6, written=1e5, gpus=2) == pytest.approx(3.0)


def test_recomputing_costs_a_forward_pass_and_an_adapter_spares_half_the_backward_pass() -> None:
    assert update_operations(adapter=False, recomputed=False) == 6
    assert update_operations(adapter=False, recomputed=True) == 8
    assert update_operations(adapter=True, recomputed=True) == 6


def test_the_paper_s_batches_give_steps_and_tokens() -> None:
    for path in ("configs/qwen7b-1x8.toml", "configs/qwen32b-8x8.toml", "configs/qwen32b-sft.toml"):
        planner = planner_of(load_config(Path(path)))
        sft, grpo = planner.sft(), planner.grpo()

        assert (sft.steps, sft.tokens) == (71, 256 * 2048)
        assert (grpo.steps, grpo.tokens) == (100, 8192 * (1536 + 768))


def test_sampling_and_revising_overlap_but_for_one_chunk() -> None:
    seconds = {}
    for chunks in (1, 4):
        step_s = planner_of(changed("grpo", sampling_chunks=chunks)).grpo().step_s
        seconds[chunks] = step_s["sampling"] + step_s["waiting for revisions"]

    sampling = planner_of(changed("grpo")).grpo().step_s["sampling"]
    revising = seconds[1] - sampling
    assert seconds[4] == pytest.approx(max(sampling, revising) + min(sampling, revising) / 4)


@pytest.mark.parametrize(("name", "told"), [("qwen7b-1x8", "7.62 B"), ("smoke", "0.03 M")])
def test_small_models_are_counted_in_millions(name: str, told: str) -> None:
    console = Console(record=True, file=io.StringIO())

    show(planner_of(load_config(Path(f"configs/{name}.toml"))), console)

    assert f"{name}: {told} parameters" in console.export_text()


def test_sandboxes_have_as_long_as_critiques_and_revisions_take() -> None:
    planner = planner_of(load_config(Path("configs/qwen32b-8x8.toml")))
    console = Console(record=True, file=io.StringIO())

    show(planner, console)

    step_s = planner.grpo().step_s
    writing_s = step_s["sampling"] + step_s["waiting for revisions"]
    assert planner.programs_per_s() == pytest.approx(1024 * 8 / writing_s)
    assert f"sandboxes judge {8192 / writing_s:.0f} programs/s" in " ".join(console.export_text().split())


def test_a_model_too_large_for_its_gpus_is_warned_of() -> None:
    config = load_config(Path("configs/qwen32b-sft.toml"))
    small = config.hardware.model_copy(update={"gpu": "h100"})

    assert any(text.startswith("sft does not fit: 80.4 GB") for text in warnings(planner_of(config, small)))


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"prompts": 1023}, r"grpo.prompts = 1023 does not divide into 4 mini-batches"),
        ({"prompts": 4, "generations": 3}, r"grpo.prompts x generations = 4 x 3 does not divide by 4 GPUs"),
        ({"prompts": 6, "generations": 8}, r"grpo.prompts = 6 is no multiple of the 4 GPUs that train"),
        ({"micro_batch": 3}, r"grpo.micro_batch = 3 does not divide the 512 critiques"),
        ({"vllm": None}, r"grpo.vllm is not set"),
        ({"vllm": "colocate"}, r"hardware.sampler_gpus are idle"),
        ({"micro_batch": 128}, r"grpo does not fit"),
    ],
)
def test_a_grpo_that_cannot_work_is_warned_of(changes: dict[str, object], warning: str) -> None:
    assert warning in said("grpo", **changes)


def test_a_critic_that_is_taught_every_problem_is_warned_of() -> None:
    assert "are left for GRPO" in said("synthesize", problems=18_800)


def test_a_served_model_too_large_for_its_gpus_is_warned_of() -> None:
    config = load_config(Path("configs/qwen32b-8x8.toml"))
    whole = config.hardware.model_copy(update={"tensor_parallel": 1})

    texts = warnings(planner_of(config, whole))

    assert [text.split(" does not fit")[0] for text in texts] == ["sampler", "generator"]


def test_gpus_that_all_serve_leave_nothing_to_plan() -> None:
    config = load_config(Path("configs/qwen7b-1x8.toml"))

    with pytest.raises(StageError, match="leave none of 2 to train on"):
        planner_of(
            config, config.hardware.model_copy(update={"gpus": 2, "sampler_gpus": 1, "generator_gpus": 1})
        )


def test_an_unknown_base_says_where_to_add_it() -> None:
    config = load_config(Path("configs/qwen7b-1x8.toml")).model_copy(update={"base": "someone/Else-9B"})

    with pytest.raises(StageError, match=r"someone/Else-9B are unknown here: .*architectures\.toml"):
        planner_of(config)


def test_the_command_line_overrules_the_hardware_of_the_configuration() -> None:
    config = "configs/qwen7b-1x8.toml"
    shown = CliRunner().invoke(app, ["plan", config, "--gpu", "h200", "--nodes", "2", "--json"])
    plan = json.loads(shown.stdout)

    assert plan["hardware"]["nodes"] == 2
    assert plan["stages"]["grpo"]["gpus"] == 12
    assert plan["parameters"] == SEVEN_B
    assert plan["stages"]["sft"]["total_gb"] == pytest.approx(sum(plan["stages"]["sft"]["parts_gb"].values()))


def test_an_unknown_gpu_is_named() -> None:
    shown = CliRunner().invoke(app, ["plan", "configs/qwen7b-1x8.toml", "--gpu", "b300"])

    assert shown.exit_code == 2
    assert "--gpu: Input should be 'a100', 'h100' or 'h200'" in shown.stderr
    with pytest.raises(ValidationError):
        HardwareConfig.model_validate({"gpu": "b300"})


def test_a_plan_shows_what_there_is_beside_what_is_needed() -> None:
    shown = CliRunner().invoke(app, ["plan", "configs/qwen7b-1x8.toml"])

    assert re.search(r"total +23\.1 +73\.0", shown.stdout)
    assert re.search(r"can be used +73\.6 +73\.6", shown.stdout)


def test_run_with_plan_runs_nothing(tmp_path: Path) -> None:
    text = Path("configs/qwen7b-1x8.toml").read_text(encoding="utf-8")
    path = tmp_path / "planned.toml"
    path.write_text(text.replace("runs/qwen7b-1x8", str(tmp_path / "out")), encoding="utf-8")

    shown = CliRunner().invoke(app, ["run", str(path), "--plan"])

    assert shown.exit_code == 0
    assert "7.62 B parameters on 1 x 8 H100 (80 GB)" in shown.stdout
    assert not (tmp_path / "out").exists()


def test_a_plan_needs_no_torch() -> None:
    code = (
        "import sys; from training.cli import app\n"
        "try: app(['plan', 'configs/qwen32b-8x8.toml', '--json'])\n"
        "except SystemExit: sys.exit(any(m in sys.modules for m in ('torch', 'trl', 'transformers')))"
    )

    assert run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0

"""What a launcher reads, and what a trainer leaves to read while it runs."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.training, pytest.mark.timeout(300)]
SHARDINGS = sorted(Path("configs/accelerate").glob("*.yaml"))


@pytest.mark.parametrize("path", SHARDINGS, ids=str)
def test_accelerate_knows_every_key_of_its_configurations(path: Path) -> None:
    import yaml
    from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    config = load_config_from_file(str(path))
    options = {action.dest for action in launch_command_parser()._actions}  # noqa: SLF001 - argparse has no other way

    assert isinstance(config, ClusterConfig)
    nodes, gpus = map(int, path.stem.split("-")[1].split("x"))
    assert (config.num_machines, config.num_processes) == (nodes, nodes * gpus)
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    nested = {**tree.get("fsdp_config", {}), **tree.get("deepspeed_config", {})}
    assert nested
    assert set(nested) <= options


def test_fsdp_and_zero_are_there_for_one_node_and_for_eight() -> None:
    assert {path.stem for path in SHARDINGS} == {"fsdp2-1x8", "fsdp2-8x8", "zero3-1x8", "zero3-8x8"}


def logged(path: Path, first: int, last: int) -> list[int]:
    """Train from a step to another with the log on, and return the steps in the file."""
    from transformers import TrainerControl, TrainerState, TrainingArguments

    from training.progress import MetricsLog

    args, control = TrainingArguments(output_dir=str(path.parent / "out"), use_cpu=True), TrainerControl()
    state, log = TrainerState(global_step=first, is_world_process_zero=True), MetricsLog(path)
    log.on_train_begin(args, state, control)
    for step in range(first + 1, last + 1):
        state.global_step = step
        log.on_log(args, state, control, logs={"loss": 1 / step})
    return [json.loads(line)["step"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_resumed_training_logs_every_step_once(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"

    assert logged(path, 0, 5) == [1, 2, 3, 4, 5]
    assert logged(path, 3, 6) == [1, 2, 3, 4, 5, 6]


def test_a_line_torn_by_a_kill_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 1.0}\n{"step": 2, "lo', encoding="utf-8")

    assert logged(path, 2, 3) == [1, 3]


def test_a_training_begun_anew_keeps_nothing_of_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    logged(path, 0, 5)

    assert logged(path, 0, 2) == [1, 2]


def test_ranks_but_the_first_log_nothing(tmp_path: Path) -> None:
    from transformers import TrainerControl, TrainerState, TrainingArguments

    from training.progress import MetricsLog

    args = TrainingArguments(output_dir=str(tmp_path / "out"), use_cpu=True)
    state, log = TrainerState(global_step=1, is_world_process_zero=False), MetricsLog(tmp_path / "m.jsonl")
    log.on_train_begin(args, state, TrainerControl())
    log.on_log(args, state, TrainerControl(), logs={"loss": 1.0})

    assert not (tmp_path / "m.jsonl").exists()

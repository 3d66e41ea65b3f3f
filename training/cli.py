"""`ctrl-train`: the stages, one by one or all. Nothing heavy is imported before a stage runs."""

import importlib
import json
import logging
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from service.domain.errors import ServiceError
from training.alone import alone_in
from training.config import HardwareConfig, TrainConfig, load_config
from training.config.section import is_address
from training.options import Options
from training.plan.planner import planner_of
from training.plan.table import record, show
from training.run import Run, StageError
from training.settings import Launch
from training.stages import DISTRIBUTED, DOES, STAGES
from training.stopwatch import Stopwatch

app = typer.Typer(
    help="Build a critic: every stage is resumable; run one again and it goes on.", no_args_is_help=True
)
_console = Console(stderr=True)
_Config = Annotated[
    Path, typer.Argument(help="TOML with everything the run depends on.", exists=True, dir_okay=False)
]


def _address(url: str | None) -> str | None:
    if url is not None and not is_address(url):
        raise typer.BadParameter(f"{url} begins with neither http:// nor https://")
    return url


_Sandbox = Annotated[
    str | None,
    typer.Option(
        "--sandbox", help="URL of a sandbox; without one the run starts its own.", callback=_address
    ),
]
_Weights = Annotated[
    Path | None, typer.Option(help="Where `export` puts generator and critic; weights/NAME by default.")
]
_Docs = Annotated[
    Path | None,
    typer.Option(
        help="Where `report` puts results.md and its plots; where the configuration says by default."
    ),
]
_Again = Annotated[bool, typer.Option("--again", help="Run the stage from its beginning even if it is done.")]


def _stage_command(name: str) -> None:
    @app.command(name=name, help=DOES[name])
    def command(
        config: _Config,
        sandbox: _Sandbox = None,
        weights: _Weights = None,
        docs: _Docs = None,
        again: _Again = False,
    ) -> None:
        run = Run(_load(config))
        _run_stage(run, name, _options(run, sandbox, weights, docs), again=again)


for _name in STAGES:
    _stage_command(_name)


@app.command(name="plan")
def plan(
    config: _Config,
    gpus: Annotated[int | None, typer.Option(min=1, help="GPUs a node.")] = None,
    nodes: Annotated[int | None, typer.Option(min=1)] = None,
    gpu: Annotated[str | None, typer.Option(help="a100, h100 or h200.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Memory, steps and hours that a run would take, on the hardware of the configuration or as said here."""
    _plan(_load(config), {"gpus": gpus, "nodes": nodes, "gpu": gpu}, as_json=as_json)


@app.command(name="run")
def run_all(
    config: _Config,
    sandbox: _Sandbox = None,
    weights: _Weights = None,
    docs: _Docs = None,
    only_plan: Annotated[bool, typer.Option("--plan", help="Run nothing; print what it would take.")] = False,
) -> None:
    """Run every stage that is not done, in order."""
    run = Run(_load(config))
    if only_plan:
        _plan(run.config, {}, as_json=False)
        return
    try:
        run.config.require_reviser()
    except StageError as error:
        _fail(f"grpo: {error}")
    for name in STAGES:
        _run_stage(run, name, _options(run, sandbox, weights, docs), again=False)


@app.command(name="rows")
def rows(
    config: _Config,
    out: Annotated[Path, typer.Argument(help="A .parquet file for verl or a .jsonl file for OpenRLHF.")],
) -> None:
    """Write the prompts of reinforcement for another trainer, with what its reward needs."""
    from training.rewards.export import export_rows  # noqa: PLC0415 - imports much

    try:
        count = export_rows(Run(_load(config)), out)
    except (StageError, OSError) as error:
        _fail(f"rows: {error}")
    _console.print(f"{count} rows in {out}")


def _load(path: Path) -> TrainConfig:
    try:
        return load_config(path)
    except ValidationError as error:
        wrong = [f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        _fail("\n".join(wrong), status=2)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        _fail(f"{path}: not TOML: {error}", status=2)


def _options(run: Run, sandbox: str | None, weights: Path | None, docs: Path | None) -> Options:
    return Options(
        sandbox, weights or Path("weights") / run.config.name, docs or run.config.docs or run.config.out
    )


def _plan(config: TrainConfig, said: dict[str, object], *, as_json: bool) -> None:
    changes = {name: value for name, value in said.items() if value is not None}
    try:
        hardware = HardwareConfig.model_validate(config.hardware.model_dump() | changes)
        planner = planner_of(config, hardware)
        if as_json:
            typer.echo(json.dumps(record(planner), indent=1))
        else:
            show(planner, Console())
    except ValidationError as error:
        _fail("\n".join(f"--{e['loc'][0]}: {e['msg']}" for e in error.errors()), status=2)
    except StageError as error:
        _fail(f"plan: {error}")


def _run_stage(run: Run, name: str, options: Options, *, again: bool) -> None:
    launch = Launch()
    if launch.world_size > 1 and name not in DISTRIBUTED:
        _fail(f"{name}: only {' and '.join(DISTRIBUTED)} run on many processes; start it without a launcher")
    if run.is_done(name) and not again:
        _console.print(f"{name}: done before")
        return
    try:
        if launch.is_first:
            _timed_stage(run, name, options, again=again)
        else:
            _stage(name)(run, options)
    except ModuleNotFoundError as error:
        _fail(f"{error}: training needs `pip install '.[training]'` in the repository")
    except (StageError, ServiceError, OSError) as error:
        _fail(f"{name}: {error}")


def _timed_stage(run: Run, name: str, options: Options, *, again: bool) -> None:
    with alone_in(run.out):
        _announce(run, name)
        if again:
            run.undo(name)
        with Stopwatch(run.clock(name)) as watch:
            _stage(name)(run, options)
        run.mark_done(name, watch.seconds)
    _console.print(f"{name}: done in {watch.seconds:.0f} s")


def _stage(name: str) -> Callable[[Run, Options], None]:
    stage: Callable[[Run, Options], None] = importlib.import_module(f"training.stages.{name}").run_stage
    return stage


def _announce(run: Run, name: str) -> None:
    """Say which stage begins, and what of the run's folder counts no longer."""
    _console.rule(name)
    if why := run.outdated(name):
        _console.print(f"{name}: done before, but {why}")
    for read, why in run.stale(name).items():
        _console.print(f"{read}: done before, but {why}; {name} will not count before {read} has run")


def _fail(message: str, status: int = 1) -> NoReturn:
    _console.print(message, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(status)


def main() -> None:
    """Entry point of `ctrl-train`."""
    logging.captureWarnings(capture=True)
    app()


if __name__ == "__main__":
    main()

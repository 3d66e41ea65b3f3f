"""What the command line asks for, given to the engine that it names."""

from dataclasses import dataclass
from pathlib import Path

from service.cli.batch.choices import Engine, Format
from service.cli.batch.run import Batch, run_batch
from service.cli.exits import Exit, UsageError


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `ctrl batch`."""

    source: str
    out: Path
    engine: Engine
    concurrency: int
    urls: tuple[str, ...]
    config: Path | None
    actors: int
    format: Format
    ray_address: str | None


def start(asked: Asked, *, as_json: bool) -> Exit:
    return (_over_ray if asked.engine is Engine.RAY else _here)(asked, as_json=as_json)


def _here(asked: Asked, *, as_json: bool) -> Exit:
    path = Path(asked.source)
    if not path.is_file():
        raise UsageError(f"IN: there is no file {path}; folders and patterns are for --engine ray")
    if path.suffix == ".parquet":
        raise UsageError(f"IN: {path}: Parquet is for --engine ray")
    if len(asked.urls) > 1:
        raise UsageError("--url: several gateways are for --engine ray")
    url = asked.urls[0] if asked.urls else None
    return run_batch(Batch(path, asked.out, asked.concurrency, url, asked.config), as_json=as_json)


def _over_ray(asked: Asked, *, as_json: bool) -> Exit:
    from service.cli.batch.spread.environment import prepare_for_ray  # noqa: PLC0415 - see the next

    prepare_for_ray(asked.ray_address)  # before Ray is imported
    from service.cli.batch.spread.folder import Folder  # noqa: PLC0415
    from service.cli.batch.spread.run import Spread, run_spread  # noqa: PLC0415

    spread = Spread(
        asked.source,
        Folder(asked.out.absolute(), asked.format),  # actors may run in other places
        asked.concurrency,
        asked.actors,
        asked.urls,
        asked.config,
        asked.ray_address,
    )
    return run_spread(spread, as_json=as_json)

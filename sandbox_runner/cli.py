"""`ctrl-sandbox`: start the service. Heavy imports wait until it is known that they are needed."""

import asyncio
import resource
import signal
from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="Stop when the process that started this one ends.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Attack the walls of this machine, say what held, and end.")
    ] = False,
) -> None:
    """Judge untrusted programs over HTTP. Configuration is read from SANDBOX_* variables."""
    from sandbox_runner.boxes.box import BoxError  # noqa: PLC0415
    from sandbox_runner.jail import libc  # noqa: PLC0415
    from sandbox_runner.settings import SettingError  # noqa: PLC0415
    from sandbox_runner.tiers.selftest import TierTooLowError  # noqa: PLC0415

    # As on Ctrl-C, until the server has its own answer: boxes are closed before the process ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _allow_descriptors()
    if with_parent:
        libc.prctl(libc.PR_SET_PDEATHSIG, int(signal.SIGTERM))
    try:
        asyncio.run(_check() if check else _serve(host, port))
    except KeyboardInterrupt:
        return
    except (BoxError, TierTooLowError, SettingError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _allow_descriptors() -> None:
    """As many as the system gives: connections and boxes take some each, and shells start with 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(host: str, port: int) -> None:
    from sandbox_runner import logs, serving  # noqa: PLC0415
    from sandbox_runner.app import create_app  # noqa: PLC0415
    from sandbox_runner.sandbox import open_sandbox  # noqa: PLC0415
    from sandbox_runner.settings import Settings  # noqa: PLC0415

    logs.configure()
    settings = Settings.from_environment()
    async with open_sandbox(settings) as sandbox:
        await serving.serve(create_app(settings, sandbox, host=host), host, port, settings.drain_s)


async def _check() -> None:
    """Raise where the tier is lower than is wanted, as a start would."""
    from sandbox_runner import logs  # noqa: PLC0415
    from sandbox_runner.sandbox import open_sandbox  # noqa: PLC0415
    from sandbox_runner.settings import Settings  # noqa: PLC0415

    logs.silence()  # what they would say is said below
    async with open_sandbox(Settings.from_environment()) as sandbox:
        typer.echo(sandbox.readiness.told())


def main() -> None:
    typer.run(serve)


if __name__ == "__main__":
    main()

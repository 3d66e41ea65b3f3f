"""The `ctrl` command. Nothing heavy is imported before it is known what is asked for."""


def main() -> None:
    """Run the command line."""
    from service.cli.commands import app  # noqa: PLC0415 - `ctrl = service.cli:main` stays light to import

    app()

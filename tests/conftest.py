from typing import Any

import pytest

from service.cli import garbage


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Let tests come one after the other where they are spread by scope; None leaves it to the plugin."""
    # Not everywhere that tests run is the plugin.
    from tests.in_turn import InTurn  # noqa: PLC0415

    return InTurn(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_finish() -> None:
    """Keep the collector off what the modules hold: to look at it was a tenth of the tests' CPU time."""
    garbage.settle()

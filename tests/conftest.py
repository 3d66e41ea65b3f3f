from pathlib import Path

import pytest

from service.cli import garbage

_JAILS = Path(__file__).parent / "isolation"


@pytest.hookimpl(tryfirst=True)  # the plugin reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell apart the two queues of tests that come one after the other (`--dist=loadgroup`)."""
    for item in items:
        queue = "jails" if item.path.is_relative_to(_JAILS) else "services"
        item.add_marker(pytest.mark.xdist_group(queue))


def pytest_collection_finish() -> None:
    """Keep the collector off what the modules hold: to look at it was a tenth of the tests' CPU time."""
    garbage.settle()

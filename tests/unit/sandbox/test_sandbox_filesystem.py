"""Where the root of boxes is built."""

import pytest

from sandbox_runner.jail import filesystem


@pytest.mark.parametrize(
    "paths", [("/tmp/clone/.venv/lib", "/usr/lib"), ("/tmp",), ("/mnt/tools", "/tmp/x")], ids=str
)
def test_the_root_hides_nothing_that_is_shown(paths: tuple[str, ...]) -> None:
    place = filesystem._mountpoint(paths)  # noqa: SLF001

    assert not any(f"{path}/".startswith(f"{place}/") for path in paths)


def test_the_usual_place_is_taken_where_nothing_is_in_it() -> None:
    assert filesystem._mountpoint(("/usr/lib", "/tmpfs")) == "/tmp"  # noqa: SLF001

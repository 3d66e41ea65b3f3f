"""What leaves a jail of a returned value: what a test looks at, and beside it what can be shown."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox_runner.jail import report, values


def _told(returned: object, *looks: tuple[str, int | None], truth: bool = False) -> dict[str, Any]:
    file = os.memfd_create("report")
    try:
        report.write_seen(file, returned, list(looks), truth=truth)
        told: dict[str, Any] = json.loads(os.pread(file, 1 << 20, 0))
    finally:
        os.close(file)
    return {name: said if name == "unseen" else values.untag(said) for name, said in told.items()}


@pytest.mark.parametrize(
    ("returned", "looks", "told"),
    [
        ([2, 1], ["sorted"], {"seen": [1, 2], "value": [2, 1]}),
        (iter([2, 1]), ["sorted"], {"seen": [1, 2], "value": [1, 2]}),
        ([object(), object()], ["set", "len"], {"seen": 2, "value": [values.Opaque("object")] * 2}),
        (range(10**9), ["len"], {"seen": 10**9, "value": 10**9}),
        (list(range(20_000)), ["len"], {"seen": 20_000}),
        (["x" * 20_000], ["len"], {"seen": 1}),
        (5, ["len"], {"unseen": "len() of it: object of type 'int' has no len()", "value": 5}),
        (2.5, ["round"], {"seen": 2, "value": 2.5}),
    ],
)
def test_a_view_is_taken_of_the_value_where_it_is(
    returned: object, looks: list[str], told: dict[str, Any]
) -> None:
    assert _told(returned, *((name, None) for name in looks)) == told


@pytest.mark.parametrize(
    ("returned", "told"), [(iter([]), True), (range(0), False), ([], []), (None, None), (object(), True)]
)
def test_of_what_is_no_plain_data_the_truth_is_told(returned: object, told: object) -> None:
    assert _told(returned, truth=True) == {"value": told}


def test_an_error_of_the_program_is_its_own_though_a_view_met_it() -> None:
    names: dict[str, Any] = {}
    source = "def f():\n    yield 1\n    raise ValueError('mine')\n"
    exec(compile(source, report.FILE_NAME, "exec"), names)  # noqa: S102
    generator: Iterator[int] = names["f"]()

    with pytest.raises(ValueError, match="mine"):
        _told(generator, ("list", None))

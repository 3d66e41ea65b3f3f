"""How long to wait, and what a server may ask for."""

import time
from email.utils import formatdate

import pytest

from service.adapters.openai.patience import Patience, asked_wait_s


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
    ],
)
def test_what_the_server_asks_for_is_understood(headers: dict[str, str], expected: float | None) -> None:
    assert asked_wait_s(headers) == expected


def test_a_date_is_a_wait_until_then() -> None:
    asked = asked_wait_s({"Retry-After": formatdate(time.time() + 30, usegmt=True)})

    assert asked == pytest.approx(30, abs=2)


def test_waits_double_are_scattered_and_are_never_shorter_than_asked() -> None:
    patience = Patience(first_wait_s=1, longest_wait_s=8)

    assert 0.75 <= patience.wait_s(0, None) <= 1
    assert 3 <= patience.wait_s(2, None) <= 4
    assert 6 <= patience.wait_s(9, None) <= 8
    assert patience.wait_s(0, 5.0) == 5

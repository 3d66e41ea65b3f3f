"""The route that serves refinements answers as the one that documents them would."""

import json
from collections.abc import Sequence

import httpx

from service.api.refine import shortcut
from tests.unit.api.world import TESTS, World, client_of

_ASK = {"problem": "Add one.", "rounds": 1}
_JSON = {"content_type": "application/json"}

_Asked = tuple[str, dict[str, str], bytes]


def _asked(body: object, **headers: str) -> _Asked:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return "POST", {name.replace("_", "-"): value for name, value in headers.items()}, written


_GOOD = (
    _asked(_ASK | {"metadata": {"who": "ä"}}, **_JSON),
    _asked(_ASK, content_type="APPLICATION/vnd.mine+JSON; charset=utf-8"),
)
_BAD = (
    _asked(_ASK),
    _asked(_ASK, content_type="text/plain"),
    *(
        _asked(body, **_JSON)
        for body in (b"[1]", b"{", b'{"problem": NaN}', b'{"problem": "\\ud800"}', b"{}")
    ),
    _asked(_ASK | {"roundz": 1}, **_JSON),
    _asked(_ASK | {"rounds": -1, "candidates": 10**6}, **_JSON),
    _asked(_ASK | {"tests": [*TESTS, {"stdin": 1}]}, **_JSON),
    _asked(_ASK | {"generator": "nobody"}, **_JSON),
    _asked(_ASK | {"stop": "tests_passed"}, **_JSON),
    _asked(_ASK, **_JSON, idempotency_key=""),
    _asked({}, **_JSON, idempotency_key="x" * 300),
    _asked(b"{", **_JSON, idempotency_key="x" * 300),
    ("GET", {}, b""),
)


async def _answers(asked: Sequence[_Asked], *, short: bool) -> list[httpx.Response]:
    app = World().app()
    if not short:
        app.router.routes.remove(shortcut)
    async with client_of(app) as client:
        return [
            await client.request(method, "/refine", headers=headers, content=body)
            for method, headers, body in asked
        ]


def _lasting(response: httpx.Response) -> object:
    """Return what two answers to one request have in common."""
    passing = {"id", "created", "seconds", "request_id", "x-request-id", "x-refine-overhead-ms"}

    def without(known: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in known.items() if name not in passing}

    headers = without({**response.headers, "content-length": None})
    return response.status_code, headers, json.loads(response.content, object_hook=without)


async def test_what_is_refused_is_refused_alike() -> None:
    served, documented = await _answers(_BAD, short=True), await _answers(_BAD, short=False)

    assert {answer.status_code for answer in served} == {400, 405, 422}
    assert [_lasting(answer) for answer in served] == [_lasting(answer) for answer in documented]


async def test_what_is_done_is_told_alike() -> None:
    served, documented = await _answers(_GOOD[:1], short=True), await _answers(_GOOD[:1], short=False)
    other = await _answers(_GOOD[1:], short=True)

    assert [_lasting(answer) for answer in served] == [_lasting(answer) for answer in documented]
    assert [answer.status_code for answer in (*served, *other)] == [200, 200]


async def test_a_body_that_is_not_there_is_refused_by_both() -> None:
    nothing = [_asked(b"", **_JSON)]

    answers = [*await _answers(nothing, short=True), *await _answers(nothing, short=False)]

    assert [answer.status_code for answer in answers] == [422, 422]

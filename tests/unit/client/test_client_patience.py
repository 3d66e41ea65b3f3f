"""When a client asks again, and how long it waits."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from service.client import AsyncClient, Patience, ProblemError, UnreachableError
from service.client.errors import GatewayError
from service.client.patience import Waits, retry_after_s
from tests.unit.client.either import QUICK

ASK = {"problem": "p"}
MODELS = {"object": "list", "data": []}

Reply = Callable[[httpx.Request], httpx.Response]


def _models(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=MODELS)


def _full(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, json={"title": "The service is full"}, headers={"retry-after-ms": "1"})


def _dropped(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset", request=request)


def _refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def _no_gateway(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, text="<html>no upstream</html>")


@dataclass
class Script:
    """Gives its replies in turn, the last one for ever."""

    replies: list[Reply]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.replies[min(len(self.requests), len(self.replies)) - 1](request)


def _client(script: Script, patience: Patience = QUICK, key: str | None = None) -> AsyncClient:
    return AsyncClient(
        "http://gateway", api_key=key, patience=patience, transport=httpx.MockTransport(script)
    )


@pytest.mark.parametrize("trouble", [_full, _refused, _no_gateway, _dropped])
async def test_what_passes_by_itself_is_waited_for(trouble: Reply) -> None:
    script = Script([trouble, trouble, _models])

    async with _client(script) as client:
        assert (await client.models()).data == []

    assert len(script.requests) == 3


@pytest.mark.parametrize(("trouble", "times"), [(_full, 2), (_refused, 2), (_no_gateway, 2), (_dropped, 1)])
async def test_a_judging_that_may_be_at_work_is_not_begun_again(trouble: Reply, times: int) -> None:
    answer = httpx.Response(422, json={"title": "no", "status": 422})
    script = Script([trouble, lambda _: answer])

    async with _client(script) as client:
        with pytest.raises(GatewayError):
            await client.judge(ASK)

    assert len(script.requests) == times


@pytest.mark.parametrize("status", [400, 401, 422, 500, 502, 504])
async def test_what_does_not_pass_by_itself_is_asked_once(status: int) -> None:
    script = Script([lambda _: httpx.Response(status, json={"title": "no", "status": status})])

    async with _client(script) as client:
        with pytest.raises(ProblemError, match="no"):
            await client.models()

    assert len(script.requests) == 1


async def test_waiting_has_an_end() -> None:
    full, nobody = Script([_full]), Script([_refused])
    patience = Patience(busy_s=0.02, unreachable_s=0.01, first_wait_s=0.004)

    async with _client(full, patience) as client:
        with pytest.raises(ProblemError, match="full") as refused:
            await client.models()
    async with _client(nobody, patience) as client:
        with pytest.raises(UnreachableError):
            await client.models()

    assert refused.value.retry_after_s == 0.001
    assert 2 <= len(full.requests) < 10
    assert 2 <= len(nobody.requests) < 10


async def test_an_events_request_that_was_turned_away_is_sent_again() -> None:
    done = 'id: 1\nevent: refinement.failed\ndata: {"problem": {"title": "No", "status": 503}}\n\n'
    script = Script([_full, _refused, lambda _: httpx.Response(200, text=done)])

    async with _client(script) as client:
        with pytest.raises(ProblemError, match="No"):
            [event async for event in client.refine_events(ASK)]

    assert len(script.requests) == 3


async def test_what_the_gateway_asks_for_is_waited_and_no_less() -> None:
    waits = Waits(Patience(busy_s=10.0, first_wait_s=0.1))
    error = ProblemError({}, 503, retry_after_s=4.0)

    assert [waits.after(error) for _ in range(3)] == [4.0, 4.0, None]


async def test_waits_double_up_to_the_longest_and_scatter() -> None:
    waits = Waits(Patience(busy_s=1e6, first_wait_s=1.0, longest_wait_s=8.0))
    error = ProblemError({}, 429)

    spans = [(0.5, 1), (1, 2), (2, 4), (4, 8), (4, 8)]
    for low, high in spans:
        assert low <= (waits.after(error) or 0.0) <= high


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
    ],
)
def test_when_to_come_back_is_read_in_every_form(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after_s(httpx.Headers(headers)) == seconds


async def test_the_key_is_sent_and_the_environments_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script([_models])
    monkeypatch.setenv("CTRL_API_KEY", "from-the-environment")

    async with _client(script, key="mine") as client:
        await client.models()
    async with _client(script) as client:
        await client.models()
    monkeypatch.delenv("CTRL_API_KEY")
    async with _client(script) as client:
        await client.models()

    sent = [request.headers.get("authorization") for request in script.requests]
    assert sent == ["Bearer mine", "Bearer from-the-environment", None]


async def test_the_address_is_the_environments_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([_models])
    monkeypatch.setenv("CTRL_URL", "https://ctrl.example.org:8443/below")

    async with AsyncClient(transport=httpx.MockTransport(script)) as client:
        await client.models()

    assert str(script.requests[0].url) == "https://ctrl.example.org:8443/below/v1/models"


def test_a_problem_passes_from_process_to_process() -> None:
    problem = ProblemError({"title": "Full", "request_id": "rq_1"}, 503, 2.0)

    again = pickle.loads(pickle.dumps(problem))  # noqa: S301 - what this line wrote

    assert (str(again), again.status, again.retry_after_s) == ("Full", 503, 2.0)
    assert again.request_id == "rq_1"

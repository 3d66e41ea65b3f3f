"""Refinements in the background: begun once, followed over broken connections, cancelled."""

from typing import Any

import pytest

from service.client import JobCancelledError, ProblemError, UnreachableError
from tests.unit.api.world import RIGHT, World, post
from tests.unit.cli.serving import serving
from tests.unit.client.either import KINDS, ask
from tests.unit.client.job_server import JobServer

ASK = {"problem": "Add one.", "entry_point": "f"}

pytestmark = pytest.mark.parametrize("kind", KINDS)

CREATED: tuple[str, dict[str, Any]] = ("refinement.created", {"id": "rf_1"})
STARTED: tuple[str, dict[str, Any]] = ("round.started", {"round": 0})
FAILED: tuple[str, dict[str, Any]] = (
    "refinement.failed",
    {"id": "rf_1", "problem": {"title": "The critic failed", "status": 502, "detail": "gone"}},
)


async def _completed() -> tuple[str, dict[str, Any]]:
    document = (await post(World(), "/refine", ASK)).json()
    return "refinement.completed", document


async def test_a_job_is_begun_shown_and_waited_for(kind: str) -> None:
    server = JobServer([CREATED, STARTED, await _completed()])
    with serving(server.app()) as url:
        begun = await ask(kind, url, "start", ASK)
        shown = await ask(kind, url, "job", begun.id)
        refinement = await ask(kind, url, "wait", begun.id)

    assert (begun.id, begun.status, begun.is_over, begun.result()) == ("rf_1", "queued", False, None)
    assert server.bodies == [ASK | {"background": True}]
    assert shown.is_over
    assert shown.result() == refinement
    assert refinement.solution == RIGHT


async def test_a_job_whose_answer_was_lost_is_found_and_not_begun_twice(kind: str) -> None:
    server = JobServer([CREATED], loses_answers=2)
    with serving(server.app()) as url:
        begun = await ask(kind, url, "start", ASK)

    assert begun.id == "rf_1"
    assert len(server.bodies) == 3
    assert len(server.keys) == 1


async def test_a_key_of_ones_own_is_sent(kind: str) -> None:
    server = JobServer([CREATED])
    with serving(server.app()) as url:
        await ask(kind, url, "start", ASK, key="order-7")

    assert server.keys == {"order-7": "rf_1"}


async def test_events_go_on_after_the_last_one_heard_when_the_connection_breaks(kind: str) -> None:
    deltas = [("solution.delta", {"delta": str(number)}) for number in range(5)]
    server = JobServer([CREATED, STARTED, *deltas, await _completed()], breaks=[2, 0, 3])
    with serving(server.app()) as url:
        events = await ask(kind, url, "job_events", "rf_1")

    assert [event.id for event in events] == [str(number) for number in range(1, 9)]
    assert "".join(event.data.get("delta", "") for event in events) == "01234"
    assert server.resumed_after == ["0", "2", "2", "5"]


async def test_events_begin_after_the_one_that_is_named(kind: str) -> None:
    server = JobServer([CREATED, STARTED, await _completed()])
    with serving(server.app()) as url:
        events = await ask(kind, url, "job_events", "rf_1", after="2")

    assert [event.event for event in events] == ["refinement.completed"]


async def test_a_refinement_that_moves_to_another_gateway_is_followed_there(kind: str) -> None:
    moved = ("refinement.interrupted", {"id": "rf_1", "last_event_id": 2, "resumable": True})
    # The log of the other gateway has in place of the interruption what happened there.
    first, second = JobServer([CREATED, STARTED, moved]), JobServer([CREATED, STARTED, await _completed()])
    first._events = second._events  # type: ignore[method-assign]  # noqa: SLF001 - one address, two gateways
    with serving(first.app()) as url:
        refinement = await ask(kind, url, "refine", ASK)

    assert refinement.solution == RIGHT
    assert second.resumed_after == ["2"]


async def test_a_refinement_that_cannot_move_is_an_error(kind: str) -> None:
    stopped = ("refinement.interrupted", {"id": "rf_1", "last_event_id": 2, "resumable": False})
    server = JobServer([CREATED, STARTED, stopped])
    with serving(server.app()) as url, pytest.raises(UnreachableError, match="send it again"):
        await ask(kind, url, "refine", ASK)

    assert len(server.bodies) == 1


async def test_a_foreground_refinement_whose_connection_breaks_is_lost(kind: str) -> None:
    server = JobServer([CREATED, STARTED, await _completed()], breaks=[2])
    with serving(server.app()) as url, pytest.raises(UnreachableError):
        await ask(kind, url, "refine", ASK)

    assert len(server.bodies) == 1


async def test_a_job_that_failed_says_why_however_it_is_asked(kind: str) -> None:
    server = JobServer([CREATED, FAILED])
    with serving(server.app()) as url:
        begun = await ask(kind, url, "start", ASK)
        shown = await ask(kind, url, "job", begun.id)
        with pytest.raises(ProblemError, match="The critic failed: gone") as waited:
            await ask(kind, url, "wait", begun.id)
    with pytest.raises(ProblemError, match="The critic failed: gone"):
        shown.result()

    assert waited.value.status == 502


async def test_a_job_that_was_cancelled_has_no_result(kind: str) -> None:
    server = JobServer([CREATED, ("refinement.cancelled", {"id": "rf_1"})])
    with serving(server.app()) as url:
        begun = await ask(kind, url, "start", ASK)
        cancelled = await ask(kind, url, "cancel", begun.id)
        with pytest.raises(JobCancelledError, match="rf_1"):
            await ask(kind, url, "wait", begun.id)
    with pytest.raises(JobCancelledError, match="rf_1"):
        cancelled.result()

    assert server.cancelled == {"rf_1"}


async def test_an_unknown_job_is_a_problem_and_an_id_is_no_path(kind: str) -> None:
    with serving(JobServer([CREATED]).app()) as url:
        with pytest.raises(ProblemError, match="no refinement rf_9"):
            await ask(kind, url, "job", "rf_9")
        for job_id in ("", "../health", "rf_1?x", "rf 1"):
            with pytest.raises(ValueError, match="no id of a refinement"):
                await ask(kind, url, "cancel", job_id)

"""The method: draft, judge, critique, revise, until a rule or a budget says stop.

A chain is one draft and its revisions. Round 0 is the draft; `max_rounds` revisions may follow, and the
last one is reviewed too, so that the judgment returned speaks of the candidate returned. Chains are
independent samples: each runs to its own end, whatever the others find, so that a seed determines the result.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

from service.domain.chain import Chain
from service.domain.errors import DeadlineError, RequestError
from service.domain.events import Event, RefinementCompleted
from service.domain.merging import merged
from service.domain.purse import Purse
from service.domain.reading import candidate_in, read
from service.domain.record import Record
from service.domain.refinement import Feedback, Refinement, Selection, StopRule, Usage
from service.domain.rules import RefineSampling, Roles, Rules, Start
from service.domain.selection import parsed_chars, select
from service.domain.task import Task

__all__ = ["RefineSampling", "Roles", "Rules", "Start", "refine"]

_FROM_NOTHING = Start()


def refine(
    task: Task, rules: Rules, roles: Roles, sampling: RefineSampling, start: Start = _FROM_NOTHING
) -> AsyncGenerator[Event, None]:
    """Refine a candidate for the task; close the generator to cancel. It raises one error, never a group.

    After finished rounds it goes on as if it had never been interrupted: what they spent is spent.
    What cannot be carried out is a `RequestError` here and now, before the first event.
    """
    _check(task, rules, roles)
    return _refine(task, rules, roles, sampling, start)


def _check(task: Task, rules: Rules, roles: Roles) -> None:
    if not task.tests and rules.stop is StopRule.TESTS_PASSED:
        raise RequestError("stop", "stop=tests_passed needs tests")
    if not task.tests and rules.feedback is Feedback.TESTS:
        raise RequestError("feedback", "feedback=tests needs tests")
    if task.tests and roles.sandbox is None:
        raise RequestError("tests", "tests were given, but no sandbox is configured to run them")
    tokens = rules.budget.completion_tokens
    if tokens is not None and tokens < rules.candidates:
        raise RequestError("budget.completion_tokens", "less than one token for each candidate")


async def _refine(
    task: Task, rules: Rules, roles: Roles, sampling: RefineSampling, start: Start
) -> AsyncGenerator[Event, None]:
    clock = asyncio.get_running_loop().time
    records = [Record.resumed(index, start.rounds) for index in range(rules.candidates)]
    # Chains run side by side: the longest one tells how long it took so far. Time spent dead costs nothing.
    started = clock() - max(record.seconds for record in records)
    chains = [
        Chain(record, task, rules, roles, sampling, _purse(rules, record, started)) for record in records
    ]
    draft = await candidate_in(start.draft) if isinstance(start.draft, str) else start.draft
    if len(chains) == 1 and not rules.heard:
        await chains[0].run(draft, _unheard)  # without a task, a queue, and a turn for each event
    else:
        async with aclosing(merged([partial(chain.run, draft) for chain in chains])) as events:
            async for event in events:
                yield event
    yield RefinementCompleted(await _refinement(records, rules.select, clock() - started))


async def _unheard(event: Event) -> None:
    """Nobody listens."""


def _purse(rules: Rules, record: Record, started: float) -> Purse:
    """Share the tokens out evenly, so that no chain's end depends on how fast another one runs."""
    tokens, seconds = rules.budget.completion_tokens, rules.budget.seconds
    purse = Purse(
        None if tokens is None else tokens // rules.candidates,
        None if seconds is None else started + seconds,
    )
    purse.pay(record.usage.tokens.completion_tokens)
    return purse


async def _refinement(records: Sequence[Record], selection: Selection, seconds: float) -> Refinement:
    begun = [record.rounds for record in records if record.rounds]
    if not begun:
        raise DeadlineError("time ran out before a first candidate existed")
    selected = await read(parsed_chars(begun, selection), partial(select, begun, selection))
    return Refinement(
        rounds=tuple(round_ for rounds in begun for round_ in rounds),
        selected=selected,
        stop_reason=records[selected.chain].stop_reason,
        usage=sum((record.usage for record in records), Usage()),
        seconds=seconds,
    )

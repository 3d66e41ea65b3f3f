"""What is recorded of a refinement while it is at work: a span for it, one for each round, ids in the log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from service.domain.purse import SpentError
from service.domain.refinement import Refinement, Round
from service.observing import attributes as names
from service.observing.spans import Spans, Value


@contextmanager
def watched_refinement(
    spans: Spans, refinement_id: str, models: tuple[str, str]
) -> Iterator[Callable[[str, Refinement | None], None]]:
    """Cover a refinement; call what is yielded with how it ended."""
    generator, critic = models
    said: dict[str, Value] = {
        names.REFINEMENT_ID: refinement_id,
        names.GENERATOR: generator,
        names.CRITIC: critic,
    }
    with bound_contextvars(refinement=refinement_id), spans.span(names.REFINEMENT, said) as note:
        yield lambda ended, refinement: note(
            {names.ENDED: ended} | ({} if refinement is None else _said_of(refinement))
        )


@contextmanager
def watch_round(spans: Spans, chain: int, index: int) -> Iterator[Callable[[Round], None]]:
    """Cover a round, in the task in which its calls are made."""
    said: dict[str, Value] = {names.CANDIDATE_INDEX: chain, names.ROUND_INDEX: index}
    with (
        bound_contextvars(candidate=chain, round=index),
        spans.span(names.ROUND, said, foreseen=(SpentError,)) as note,
    ):
        yield lambda a_round: note(_of_round(a_round))


def _said_of(refinement: Refinement) -> dict[str, Value]:
    return {
        names.ROUNDS: len(refinement.rounds),
        names.INPUT_TOKENS: refinement.usage.tokens.prompt_tokens,
        names.OUTPUT_TOKENS: refinement.usage.tokens.completion_tokens,
        **_of_round(refinement.selected),
    }


def _of_round(a_round: Round) -> dict[str, Value]:
    said: dict[str, Value] = {}
    critique, verdict = a_round.critique, a_round.verdict
    if critique is not None and critique.judgment is not None:
        said[names.JUDGMENT] = critique.judgment.value
    if critique is not None and critique.score is not None:
        said[names.SCORE] = critique.score
    if verdict is not None:
        said |= {names.OUTCOME: verdict.outcome.value, names.TESTS_PASSED: verdict.passed}
        said[names.TESTS_TOTAL] = verdict.total
    return said

"""Claim 7: the critic as a reward model."""

from collections.abc import Mapping
from typing import Any

from service.domain.estimate import Estimate, difference, mean
from training.evaluate import rows
from training.evaluate.findings import Findings
from training.evaluate.reward_model import VOTES, by_logprob, by_votes, wins_by_votes
from training.report.claim import Claim, Part, not_run, percent, points

_CHANCE = 0.5
_MOST = max(VOTES)


def rewards_rightly(findings: Findings) -> Claim:
    """Ties are errors, as the paper counts."""
    title = "The critic is a reward model, better with more votes"
    record = findings.pairs.get(rows.CTRL)
    if record is None:
        return Claim(7, title, (not_run("CTRL prefers the right program", "no pairs"),))
    return Claim(7, title, (_above_chance(record), _votes_help(record), _trained(findings)), _notes(record))


def _above_chance(record: Mapping[str, Any]) -> Part:
    accuracy = by_votes(record, _MOST).ties_lose
    above = Estimate(accuracy.value - _CHANCE, accuracy.error, accuracy.samples)
    figures = f"{percent(accuracy.value)} ± {100 * accuracy.error:.1f} of {accuracy.samples} pairs"
    return Part(
        f"with {_MOST} votes CTRL prefers the right program more often than not", figures, above.is_above_zero
    )


def _votes_help(record: Mapping[str, Any]) -> Part:
    accuracies = [f"{votes}: {percent(by_votes(record, votes).ties_lose.value)}" for votes in VOTES]
    gain = difference(wins_by_votes(record, _MOST), wins_by_votes(record, 1), record["problems"])
    figures = f"{', '.join(accuracies)}; {points(gain)}"
    return Part(f"{_MOST} votes are better than one", figures, gain.is_above_zero)


def _trained(findings: Findings) -> Part:
    statement = f"with {_MOST} votes CTRL is better than the untrained base model"
    ours, base = findings.pairs[rows.CTRL], findings.pairs.get(rows.SELF)
    if base is None:
        return not_run(statement, "no votes of the base model")
    wins = [wins_by_votes(record, _MOST) for record in (ours, base)]
    gain = difference(wins[0], wins[1], ours["problems"])
    before = mean(wins[1], ours["problems"])
    return Part(statement, f"{percent(before.value)} untrained; {points(gain)}", gain.is_above_zero)


def _notes(record: Mapping[str, Any]) -> tuple[str, ...]:
    scored, voted = by_logprob(record), by_votes(record, _MOST)
    ties = f"Ties with {_MOST} votes: {percent(voted.ties.value)}."
    if scored is None:
        return (ties, "Logprob score: not run.")
    return (ties, f"Logprob score: {percent(scored.ties_lose.value)} ± {100 * scored.ties_lose.error:.1f}.")

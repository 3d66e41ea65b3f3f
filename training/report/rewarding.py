"""Claim 7: the critic as a reward model."""

from collections.abc import Mapping
from typing import Any

from service.domain.estimate import Estimate, difference, mean
from training.evaluate import rows
from training.evaluate.findings import Findings
from training.evaluate.pairs import DRAFTS, MISREAD
from training.evaluate.reward_model import (
    VOTES,
    Pairwise,
    by_logprob,
    by_votes,
    votes_drawn,
    wins_by_logprob,
    wins_by_votes,
)
from training.report.claim import Claim, Part, not_run, percent, points
from training.report.markdown import share, table

_CHANCE = 0.5
_MOST = max(VOTES)
KINDS = {DRAFTS: "drafts of the generator", MISREAD: "solutions and misreadings"}
"""Pairs of what, in words."""


def rewards_rightly(findings: Findings) -> Claim:
    """Ties are errors, as the paper counts."""
    title = "The critic is a reward model, better with more votes"
    drafts, misread = findings.pairs.get(DRAFTS, {}), findings.pairs.get(MISREAD)
    ours = drafts.get(rows.CTRL)
    if ours is None:
        return Claim(7, title, (not_run("CTRL prefers the right program", "no pairs"),))
    better = f"with {_MOST} votes CTRL is better than the untrained base model"
    parts = [_above_chance(ours), _votes_help(ours), _trained(better, drafts, votes=_MOST)]
    if _are_scored(drafts):
        parts.append(_trained("so it is by the logprob score", drafts, votes=None))
    if misread is not None:
        parts.append(_trained(f"{better} where the wrong program is a misreading", misread, votes=_MOST))
    return Claim(7, title, tuple(parts), _notes(drafts))


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


def _trained(statement: str, pairs: Mapping[str, Mapping[str, Any]], *, votes: int | None) -> Part:
    """CTRL against the base model on the same pairs, by votes or (None) by the logprob score."""
    ours, base = pairs[rows.CTRL], pairs.get(rows.SELF)
    if base is None:
        return not_run(statement, "no votes of the base model")
    wins = [wins_by_logprob(r) if votes is None else wins_by_votes(r, votes) for r in (ours, base)]
    gain = difference(wins[0], wins[1], ours["problems"])
    after, before = (mean(each, ours["problems"]).value for each in wins)
    return Part(statement, f"{percent(after)} against {percent(before)}: {points(gain)}", gain.is_above_zero)


def _are_scored(pairs: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether there are logprobs of both, where there are both: not every engine gives them."""
    return all(pairs[key]["scores"] is not None for key in (rows.CTRL, rows.SELF) if key in pairs)


def _notes(drafts: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    notes = [f"Ties with {_MOST} votes: {percent(by_votes(drafts[rows.CTRL], _MOST).ties.value)}."]
    if not _are_scored(drafts):
        notes.append("Logprob score: not run.")
    if careful := drafts.get(rows.ORACLE):
        found = by_votes(careful, 1)
        notes.append(
            f"The oracle on these pairs: {percent(found.ties_lose.value)}, ties {percent(found.ties.value)}: "
            "it rejects what is right in another way than the reference."
        )
    return tuple(notes)


def pairs_table(findings: Findings) -> str:
    """Accuracy by kind of pair, critic and way to score; empty where there are no pairs."""
    lines = [
        (KINDS[kind], _critic(key), found.method, *map(share, _figures(found)), str(found.ties.samples))
        for kind, records in findings.pairs.items()
        for key, record in records.items()
        for found in _ways(record)
    ]
    head = ("pairs of", "critic", "score", "ties lose", "ties halve", "ties", "pairs")
    return table(head, lines) if lines else ""


def _critic(key: str) -> str:
    return "base model" if key == rows.SELF else rows.NAMES[key]


def _figures(found: Pairwise) -> tuple[Estimate, ...]:
    return found.ties_lose, found.ties_halve, found.ties


def _ways(record: Mapping[str, Any]) -> list[Pairwise]:
    scored = by_logprob(record)
    return [by_votes(record, votes) for votes in votes_drawn(record)] + ([scored] if scored else [])

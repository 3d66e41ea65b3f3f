"""Which reviewers meet on which drafts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from training.evaluate import rows
from training.evaluate.cast import BASE, CTRL, SFT, Cast
from training.evaluate.critics import Contentless, ExecutionFeedback, Oracle, Reviewer, TrueVerdict
from training.evaluate.drafted import Drafted
from training.evaluate.group import Group, trial_from_json, trial_to_json
from training.evaluate.resampling import Fresh, any_trial, approved_trial, last_trial, most_frequent_trial
from training.evaluate.trial import Rule, Trial

FEW_ROUNDS = 3
"""Rounds where the course over many of them is not the question."""
_UNTAUGHT = (rows.CONTENTLESS, rows.VERDICT, rows.EXECUTION)
"""What these have to say is said in a few rounds, and their revisions are among the slowest."""


def every_row(drafted: Drafted, cast: Cast, rounds: int) -> Group:
    """All rows on the same drafts."""
    fresh = _fresh(drafted, rounds)
    trials = {}
    for key, reviewer in (_reviewers(cast) | _oracle(drafted)).items():
        most = min(FEW_ROUNDS, rounds) if key in _UNTAUGHT else rounds
        trials[key] = drafted.trial(key, _name(key, cast), reviewer, Rule(most))
    trials[rows.APPROVED] = _approved(drafted, cast, fresh)
    return drafted.group(_resamples(drafted, fresh) | trials)


def unstopped_rows(drafted: Drafted, cast: Cast, rounds: int) -> Group:
    """Critics whose word Correct does not end a refinement: a right program has to survive every round."""
    trials = {}
    for key, role in ((rows.SELF, BASE), (rows.SFT, SFT), (rows.CTRL, CTRL)):
        name = f"{rows.NAMES[key]}, never stopping"
        reviewer = cast.critic(role)
        trials[rows.unstopped_row(key)] = drafted.trial(
            rows.unstopped_row(key), name, reviewer, Rule(rounds, stops=False)
        )
    return drafted.group(trials)


def few_rows(drafted: Drafted, cast: Cast, rounds: int) -> Group:
    """The rows that show whether a critic still helps away from home."""
    reviewers: dict[str, Reviewer] = {
        rows.SELF: cast.critic(BASE),
        rows.SFT: cast.critic(SFT),
        rows.CTRL: cast.critic(CTRL),
    } | _oracle(drafted)
    fresh = _fresh(drafted, 1)
    trials = {
        key: drafted.trial(key, rows.NAMES[key], reviewer, Rule(rounds))
        for key, reviewer in reviewers.items()
    }
    return drafted.group(_resample(drafted, fresh) | trials)


def size_rows(
    drafted: Drafted, cast: Cast, size: str, rounds: int, known: Mapping[str, Trial] | None = None
) -> Group:
    """The critic of every size on the drafts of one generator, beside that generator as its own critic.

    `known` trials of these drafts are taken as they are.
    """
    reviewers: dict[str, Reviewer] = {rows.SELF: cast.critic(BASE, size)}
    for critic in cast.sizes(CTRL):
        reviewers[rows.critic_row(critic)] = cast.critic(CTRL, critic)
    reviewers |= _oracle(drafted)
    fresh = _fresh(drafted, 1)
    trials = {}
    for key, reviewer in reviewers.items():
        name = rows.NAMES.get(key) or key.replace("-", " of ")
        trial = (known or {}).get(key) or drafted.trial(key, name, reviewer, Rule(rounds))
        trials[key] = replace(trial, name=name)
    return drafted.group(_resample(drafted, fresh) | trials)


def main_size_trials(whole: Group, places: Sequence[int], rounds: int) -> dict[str, Trial]:
    """Of the trials with all rows, those that the table of sizes takes over, cut to its items and rounds."""
    taken = {rows.SELF: rows.SELF, rows.CTRL: rows.critic_row(rows.MAIN), rows.ORACLE: rows.ORACLE}
    return {key: whole.trials[row].until(rounds).only(places) for row, key in taken.items()}


def _reviewers(cast: Cast) -> dict[str, Reviewer]:
    reviewers: dict[str, Reviewer] = {
        rows.CONTENTLESS: Contentless(),
        rows.VERDICT: TrueVerdict(),
        rows.EXECUTION: ExecutionFeedback(),
        rows.SELF: cast.critic(BASE),
        rows.SELF_HINTED: cast.critic(BASE, hinted=True),
    }
    if larger := _larger(cast):
        reviewers[rows.LARGER] = cast.critic(BASE, larger)
    reviewers |= {
        rows.SFT: cast.critic(SFT),
        rows.SFT_GREEDY: cast.critic(SFT, sampling=cast.greedy),
        rows.CTRL: cast.critic(CTRL),
        rows.CTRL_GREEDY: cast.critic(CTRL, sampling=cast.greedy),
    }
    return reviewers | {rows.seed_row(seed): cast.critic(role) for seed, role in cast.other_seeds().items()}


def _oracle(drafted: Drafted) -> dict[str, Reviewer]:
    return {rows.ORACLE: Oracle()} if drafted.has_references else {}


def _larger(cast: Cast) -> str | None:
    """The largest base model that is larger than the run's own."""
    sizes = cast.sizes(BASE)
    return sizes[-1] if sizes and cast.parameters(BASE, sizes[-1]) > cast.parameters(BASE) else None


def _name(key: str, cast: Cast) -> str:
    if key == rows.LARGER:
        return f"{rows.NAMES[key]} ({_larger(cast)})"
    return rows.NAMES.get(key) or key.replace(f"{rows.CTRL}-", "CTRL, ").replace("-", " ")


def _fresh(drafted: Drafted, rounds: int) -> Fresh:
    """Drafts of their own for each round; nobody waits for their tests until all else is done."""
    return [drafted.drafts(number) for number in range(1, rounds + 1)]


def _resample(drafted: Drafted, fresh: Fresh) -> dict[str, Trial]:
    return {rows.RESAMPLE: last_trial(rows.NAMES[rows.RESAMPLE], drafted.drafts(), fresh)}


def _resamples(drafted: Drafted, fresh: Fresh) -> dict[str, Trial]:
    makers = {
        rows.RESAMPLE: last_trial,
        rows.MOST_FREQUENT: most_frequent_trial,
        rows.ANY_RESAMPLE: any_trial,
    }
    drafts = drafted.drafts()
    return {key: make(rows.NAMES[key], drafts, fresh) for key, make in makers.items()}


def _approved(drafted: Drafted, cast: Cast, fresh: Fresh) -> Trial:
    reviewer = cast.critic(CTRL)
    name = rows.NAMES[rows.APPROVED]
    record = drafted.notebook.part(
        f"{drafted.name}/{rows.APPROVED}",
        lambda: trial_to_json(approved_trial(name, drafted.drafts(), fresh, reviewer)),
    )
    return trial_from_json(record)

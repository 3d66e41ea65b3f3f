"""What more drafts would do without any critique: the baselines at equal generator samples."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from service.domain.critique import Critique
from service.domain.normal_form import normalized
from training.evaluate.critics import Reviewed, Reviewer
from training.evaluate.trial import Flags, Rule, Trial, passing, run_trial

Fresh = Sequence[Sequence[Reviewed]]
"""`fresh[r][i]`: the draft of item i that round r + 1 may use."""
Choose = Callable[[Sequence[Reviewed]], Reviewed]


def last_trial(name: str, drafts: Sequence[Reviewed], fresh: Fresh) -> Trial:
    """Take the newest draft: nothing is known of any, so each is as good as the first."""
    return Trial(name, (passing(drafts), *map(passing, fresh)), _tokens(drafts, fresh))


def most_frequent_trial(name: str, drafts: Sequence[Reviewed], fresh: Fresh) -> Trial:
    """Take the program that most drafts agree on, whatever its variables are called; the first of equals."""
    return Trial(name, _each_round(drafts, fresh, _agreed), _tokens(drafts, fresh))


def any_trial(name: str, drafts: Sequence[Reviewed], fresh: Fresh) -> Trial:
    """Take a right one if there is one: what a perfect choice among the drafts would reach."""
    return Trial(name, _each_round(drafts, fresh, _best), _tokens(drafts, fresh))


def approved_trial(name: str, drafts: Sequence[Reviewed], fresh: Fresh, reviewer: Reviewer) -> Trial:
    """Draw anew until the reviewer says Correct: its judgment counts and its advice does not."""

    def drawn(
        number: int, places: Sequence[int], _items: Sequence[Reviewed], _critiques: Sequence[Critique]
    ) -> list[Reviewed]:
        return [fresh[number][place] for place in places]

    trial = run_trial(name, drafts, reviewer, drawn, Rule(len(fresh)))
    return replace(trial, advice=(), letter=())


def _agreed(items: Sequence[Reviewed]) -> Reviewed:
    programs = [_program(item.code) for item in items]
    program, _ = Counter(programs).most_common(1)[0]
    return items[programs.index(program)]


_program = lru_cache(maxsize=100_000)(normalized)


def _best(items: Sequence[Reviewed]) -> Reviewed:
    return max(items, key=lambda item: item.accepted)


def _each_round(drafts: Sequence[Reviewed], fresh: Fresh, choose: Choose) -> tuple[Flags, ...]:
    columns = list(zip(drafts, *fresh, strict=True))
    return tuple(
        passing([choose(column[: number + 1]) for column in columns]) for number in range(len(fresh) + 1)
    )


def _tokens(drafts: Sequence[Reviewed], fresh: Fresh) -> tuple[tuple[int, ...], ...]:
    spent = [item.tokens for item in drafts]
    rows = [tuple(spent)]
    for items in fresh:
        spent = [total + item.tokens for total, item in zip(spent, items, strict=True)]
        rows.append(tuple(spent))
    return tuple(rows)

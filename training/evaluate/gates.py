"""What must hold before anything else is worth doing, as bounds on measured figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.critique import Judgment
from service.domain.estimate import Estimate, mean
from training.evaluate.bench import Bench
from training.evaluate.critics import Contentless, Oracle, Reviewed
from training.evaluate.measures import Summary, slips


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure and the closed interval it must lie in, as shares."""

    name: str
    figure: Estimate
    least: float = 0.0
    most: float = 1.0

    @property
    def holds(self) -> bool:
        return self.least <= self.figure.value <= self.most


def leverage_gates(bench: Bench, drafts: Sequence[Reviewed]) -> list[Gate]:
    """Whether the generator does what a critique says: without that, no critic can help."""
    wrong = [item for item in drafts if not item.accepted]
    right = [item for item in drafts if item.accepted]
    one_slip = [item for item in wrong if _slips(item) == 1]
    return [
        Gate("pass@1 of drafts at T=1", _passing(drafts), 0.40, 0.70),
        Gate("oracle repairs one slip in one round", _passing(_once(bench, one_slip, Oracle())), least=0.70),
        Gate("oracle repairs wrong drafts in three rounds", _passing(_thrice(bench, wrong)), least=0.85),
        Gate(
            "contentless critique repairs in one round",
            _passing(_once(bench, wrong, Contentless())),
            most=0.20,
        ),
        Gate("right drafts broken though told Correct", _broken(bench, right), most=0.03),
    ]


def critic_gates(critic: Summary) -> list[Gate]:
    """What the critic must do over keeping the draft, by a summary of three rounds."""
    return [
        Gate("lift over keeping the draft, three rounds", critic.lift, least=0.20),
        Gate("Δ↓, three rounds", critic.delta_down, most=0.03),
        Gate("judgment accuracy", critic.judgments.accuracy, least=0.80),
        Gate("critiques parsed strictly", critic.strict, least=0.99),
    ]


def _slips(item: Reviewed) -> int:
    assert item.problem.reference is not None
    return slips(item.problem.reference, item.code)


def _once(bench: Bench, items: Sequence[Reviewed], reviewer: Oracle | Contentless) -> list[Reviewed]:
    return bench.revised(items, [remark.critique for remark in reviewer.review(items, 0)])


def _thrice(bench: Bench, items: Sequence[Reviewed]) -> list[Reviewed]:
    done: list[Reviewed] = []
    going = list(items)
    for _ in range(3):
        revised = _once(bench, going, Oracle())
        done += [item for item in revised if item.accepted]
        going = [item for item in revised if not item.accepted]
    return [*done, *going]


def _broken(bench: Bench, right: Sequence[Reviewed]) -> Estimate:
    """Revise right programs under the oracle's full "Correct", in the very form seen in training."""
    remarks = Oracle().review(right, 0)
    praised = [
        item
        for item, remark in zip(right, remarks, strict=True)
        if remark.critique.judgment is Judgment.CORRECT
    ]
    revised = _once(bench, praised, Oracle())
    return mean([not item.accepted for item in revised], [item.problem.id for item in revised])


def _passing(items: Sequence[Reviewed]) -> Estimate:
    return mean([item.accepted for item in items], [item.problem.id for item in items])

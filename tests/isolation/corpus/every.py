"""All attacks, by the letter of their table."""

from tests.isolation.corpus import files, grader, inventions, kernel, network, processes, resources
from tests.isolation.corpus.attack import Attack

BY_LETTER: dict[str, tuple[Attack, ...]] = {
    "A": resources.ATTACKS,
    "B": processes.ATTACKS,
    "C": files.ATTACKS,
    "D": network.ATTACKS,
    "E": kernel.ATTACKS,
    "F": grader.ATTACKS,
    "X": inventions.ATTACKS,
}

EVERY = tuple(attack for table in BY_LETTER.values() for attack in table)

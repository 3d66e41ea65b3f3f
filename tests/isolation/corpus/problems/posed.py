"""The tests of one problem, for several programs."""

from tests.isolation.corpus.assertions import Case


def posed(name: str, tests: str, *programs: str) -> dict[str, Case]:
    """A case for each program."""
    return {f"{name} {number}": (program, tests) for number, program in enumerate(programs)}

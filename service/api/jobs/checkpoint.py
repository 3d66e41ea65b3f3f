"""Finished rounds as JSON, from which another process goes on."""

import json
from collections.abc import Mapping

from pydantic import TypeAdapter

from service.domain.refinement import Round

_ROUND = TypeAdapter(Round)


def round_name(a_round: Round) -> str:
    """Name a round within its refinement."""
    return f"{a_round.chain}:{a_round.index}"


def checkpoint(a_round: Round) -> str:
    """Write a round down, to the last digit. ASCII, so that a program may hold what is no character."""
    return json.dumps(_ROUND.dump_python(a_round, mode="json"), separators=(",", ":"))


def restored(rounds: Mapping[str, str]) -> tuple[Round, ...]:
    """Read rounds, in order."""
    read = (_ROUND.validate_python(json.loads(text)) for text in rounds.values())
    return tuple(sorted(read, key=lambda a_round: (a_round.chain, a_round.index)))

"""Which key opens which door."""

from service.domain.identity import ANY, WORK, Role

OPEN = frozenset({"/", "/health", "/ready"})
"""Says nothing that is anybody's: probes, and the page, whose script asks for a key."""
PAGE = "/page/"
"""What the page is made of."""

_REFINE, _JUDGE = frozenset({Role.REFINE}), frozenset({Role.JUDGE})

DOORS = {
    "/refine": _REFINE,
    "/critique": WORK,
    "/judge": _JUDGE,
    "/compat": _JUDGE,
    "/score": _JUDGE,
    "/classify": _JUDGE,
    "/rerank": _JUDGE,
    "/v1/score": _JUDGE,
    "/v1/classify": _JUDGE,
    "/v1/rerank": _JUDGE,
    "/v2/rerank": _JUDGE,
    "/v1/chat/completions": _REFINE,
    "/v1/responses": _REFINE,
    "/v1/models": ANY,
    "/mcp": WORK,
    "/metrics": frozenset({Role.METRICS}),
    "/openapi.json": ANY,
}
"""A door and all behind it. Each tool behind `/mcp` asks once more."""


_QUEUED = frozenset(door for door, roles in DOORS.items() if roles == _JUDGE and door != "/judge")


def is_queued(path: str) -> bool:
    """Whether trainers come by this door: they take being turned away for a lost reward, so they wait."""
    return door_of(path) in _QUEUED


def is_open(path: str) -> bool:
    """Whether anybody may look, without a key."""
    return path in OPEN or path.startswith(PAGE)


def door_of(path: str) -> str | None:
    """Find the listed door that a path goes through."""
    while path not in DOORS:
        path, slash, _ = path.rpartition("/")
        if not slash:
            return None
    return path


def roles_for(path: str) -> frozenset[Role]:
    """Say which roles open a path. What is not listed is not there; any key may learn that."""
    door = door_of(path)
    return ANY if door is None else DOORS[door]

"""Tables of values that a program chose: it may choose them to collide, and the table to take hours."""

from collections import Counter

_MOST_COLLISIONS = 100


def spread(items: list[object]) -> list[object]:
    """The items again, unless so many share a hash that a table of them would take quadratic time."""
    if len(items) <= _MOST_COLLISIONS:
        return items
    chains: dict[int, list[object]] = {
        shared: [] for shared, times in Counter(map(hash, items)).items() if times > _MOST_COLLISIONS
    }
    for item in items if chains else ():
        chain = chains.get(hash(item))
        if chain is None or item in chain:
            continue
        if len(chain) == _MOST_COLLISIONS:
            raise ValueError(f"more than {_MOST_COLLISIONS} different values share a hash")
        chain.append(item)
    return items

"""Items in as many requests as a gateway takes them in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

BATCH = 512
"""Items in one request."""
BATCH_BYTES = 4_000_000
"""Of them as JSON: what a gateway takes, `server.body_bytes`, is 4 MiB unless it is told otherwise."""

Item = Mapping[str, Any]


def batches(items: Sequence[Item], *, by_problem: bool) -> Iterator[list[str]]:
    """Write the items as JSON, in their order, and end a batch before one that would be too much.

    `by_problem`: programs in a row for one problem stay in one batch, where they are compared.
    """
    batch: list[str] = []
    size = 0
    for _, unit in groupby(enumerate(items), lambda each: each[1]["problem"] if by_problem else each[0]):
        texts = [json.dumps(item) for _, item in unit]
        more = sum(map(len, texts)) + len(texts)
        if batch and (len(batch) + len(texts) > BATCH or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch += texts
        size += more
    if batch:
        yield batch

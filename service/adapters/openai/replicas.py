"""The servers behind one model, and the order in which a call tries them."""

import time
from collections.abc import Callable, Sequence
from hashlib import blake2b, sha256

import structlog
from yarl import URL

from service.adapters.openai.breaker import Breaker, Ending

log = structlog.get_logger()

FEW = 8
CROWDED = 1.5
"""A replica with this many times its share of the calls in flight comes last, unless they are few."""


class Replica:
    """One base URL."""

    def __init__(self, name: str, url: URL, clock: Callable[[], float] = time.monotonic) -> None:
        self.url, self.inflight, self.breaker = url, 0, Breaker(clock)
        self.name = name
        self._salt = sha256(str(url).encode()).digest()
        self._addresses: dict[str, URL] = {}

    def rank(self, key: bytes) -> bytes:
        """Return its place among the replicas for a key; independent of which others there are."""
        return blake2b(key, key=self._salt, digest_size=8).digest()

    def address(self, path: str) -> URL:
        if path not in self._addresses:
            self._addresses[path] = URL(str(self.url) + path)
        return self._addresses[path]

    @property
    def shown(self) -> str:
        """Name it to an operator, without credentials."""
        return str(self.url.with_user(None).with_query(None))

    def tell_of_a_change(self, was_open: bool) -> None:
        """Log that it is left alone from now on, or no longer."""
        if self.breaker.is_open != was_open:
            state = "model_endpoint_left_alone" if self.breaker.is_open else "model_endpoint_back"
            log.warning(state, model=self.name, endpoint=self.shown)


class Call:
    """One request to one replica, from its beginning to its end, which is told once."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self._era: int | None = replica.breaker.begin()
        replica.inflight += 1

    def hear(self) -> None:
        """Take note that its answer has begun."""
        if self._era is not None:
            was_open = self.replica.breaker.is_open
            self.replica.breaker.hear(self._era)
            self.replica.tell_of_a_change(was_open)

    def end(self, ending: Ending) -> None:
        if self._era is None:
            return
        era, self._era = self._era, None
        self.replica.inflight -= 1
        was_open = self.replica.breaker.is_open
        self.replica.breaker.end(era, ending)
        self.replica.tell_of_a_change(was_open)


class Route:
    """The replicas in the order in which one request tries them."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        self._left = list(replicas)

    def next(self) -> Replica | None:
        """Return the next one that may be called; None: there is none left."""
        ready = (replica for replica in self._left if not replica.breaker.wait_s)
        replica = next(ready, None)
        if replica is not None:
            self._left.remove(replica)
        return replica

    @property
    def goes_on(self) -> bool:
        """Say whether there is one left that may be called."""
        return any(not replica.breaker.wait_s for replica in self._left)

    @property
    def wait_s(self) -> float:
        """Return how long until one of them all may be called."""
        return min(replica.breaker.wait_s for replica in self._replicas)

    def begin_again(self) -> None:
        self._left = list(self._replicas)


def route(replicas: Sequence[Replica], key: Callable[[], str]) -> Route:
    """Send what has the same key the same way (rendezvous hashing), except around a crowd."""
    if len(replicas) == 1:
        return Route(replicas)
    digest = blake2b(key().encode(errors="surrogatepass")).digest()
    share = (1 + sum(replica.inflight for replica in replicas)) / len(replicas)
    crowd = max(FEW, CROWDED * share)
    return Route(sorted(replicas, key=lambda each: (each.inflight >= crowd, each.rank(digest))))

"""A store that goes away, comes back, and loses its memory, as a test says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from service.adapters.store import MemoryStore
from service.domain.errors import StoreError
from service.store import Store


@dataclass
class FaultyStore:
    """Passes everything on while it is up."""

    kept: MemoryStore = field(default_factory=MemoryStore)
    down: bool = False
    shared: bool = True
    name: str = "faulty"
    refused: int = 0
    writes: bool = True
    taken: int = 0
    creates_unheard: int = 0
    """How many jobs are created without its being said."""
    created: list[str] = field(default_factory=list)

    def as_store(self) -> Store:
        return cast(Store, self)

    def wipe(self) -> None:
        self.kept = MemoryStore(self.kept.bounds)

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **options: Any) -> Any:
            if self.down or (operation == "write" and not self.writes):
                self.refused += 1
                raise StoreError("the store is away")
            answer = await getattr(self.kept, operation)(*arguments, **options)
            self.taken += operation == "take" and answer is not None
            if operation == "create":
                self.created.append(answer.id)
                self.creates_unheard -= 1
                if self.creates_unheard >= 0:
                    raise StoreError("the answer was lost")
            return answer

        return call

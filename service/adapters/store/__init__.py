"""Where durable refinements are kept: in this process, or in Redis."""

from service.adapters.store.memory import MemoryStore
from service.adapters.store.opening import open_limits, open_store

__all__ = ["MemoryStore", "open_limits", "open_store"]

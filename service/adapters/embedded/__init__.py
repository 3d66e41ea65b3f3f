"""The embedded engine: small llama checkpoints on the CPU, without torch."""

from service.adapters.embedded.checkpoint import CheckpointError
from service.adapters.embedded.model import EmbeddedModel

__all__ = ["CheckpointError", "EmbeddedModel"]

"""The engine for endpoints that speak OpenAI's chat completions."""

from service.adapters.openai.model import OpenAIModel
from service.adapters.openai.patience import Patience

__all__ = ["OpenAIModel", "Patience"]

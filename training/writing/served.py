"""A model that the configuration names by an endpoint."""

from service.adapters.openai import OpenAIModel
from training.config import EndpointConfig
from training.settings import Secrets


def served_model(name: str, endpoint: EndpointConfig) -> OpenAIModel:
    """Return a client to open; `name` is what its errors call it."""
    return OpenAIModel(name, endpoint.base_url, endpoint.model, Secrets().api_key)

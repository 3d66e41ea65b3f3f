"""What is wrong with a configuration, in words about the file and not about the library that read it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from service.settings.models import EmbeddedModelSettings, OpenAIModelSettings

_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": 'must be a list, such as ["one", "two"]',
    "string_pattern_mismatch": "holds what a name may not: take letters, digits and . _ : -",
}
_MODELS, _THE_KEY = "models", "[key]"
_ENGINES: Mapping[str, type[BaseModel]] = {
    "embedded": EmbeddedModelSettings,
    "openai": OpenAIModelSettings,
}


def explain(error: ValidationError, settings: type[BaseModel]) -> str:
    """Give each complaint its own line, by the key it is about; values stay out, they may be secrets."""
    return "\n".join(
        f"{_place(complaint['loc'])}: {_words(complaint, settings)}"
        for complaint in error.errors(include_input=False, include_url=False)
    )


def _place(location: Sequence[str | int]) -> str:
    """Name the key as the file has it: a model's engine and the mark of a name are no part of that."""
    parts = [str(part) for part in location if part != _THE_KEY]
    if parts[:1] == [_MODELS]:
        parts = parts[:2] + parts[3:]
    return ".".join(parts) or "configuration"


def _words(complaint: Mapping[str, Any], settings: type[BaseModel]) -> str:
    if complaint["type"] == "extra_forbidden":
        return f"there is no such key; there are {', '.join(_known(complaint['loc'], settings))}"
    return _WORDS.get(complaint["type"], complaint["msg"].removeprefix("Value error, "))


def _known(location: Sequence[str | int], settings: type[BaseModel]) -> Sequence[str]:
    """List the keys that stand where one does that is none."""
    if len(location) == 1:
        return list(settings.model_fields)
    section = settings.model_fields[str(location[0])].annotation
    table = _ENGINES[str(location[2])] if location[0] == _MODELS else section
    return list(table.model_fields) if isinstance(table, type) and issubclass(table, BaseModel) else []

"""Who may ask."""

from pathlib import Path
from typing import Self

from pydantic import Field, PositiveInt, model_validator

from service.settings.environment import variable
from service.settings.section import Section, SettingsError


class AuthSection(Section):
    """Who may ask."""

    keys: Path | None = None
    """The file of keys, TOML or JSON; `ctrl keys new` writes it. Without keys nobody is asked for one."""
    keys_env: str | None = Field(default=None, min_length=1)
    """The environment variable that holds what such a file would."""
    open: bool = False
    """Listen to the network without keys all the same."""
    metrics_open: bool = False
    """Answer `/metrics` without a key."""
    reserve_tokens: PositiveInt = 1_024
    """Completion tokens set aside as a request begins, where its tenant's are counted."""
    count_alone: bool = True
    """Let each gateway count quotas for itself while the store is away; else who has one is told 503."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if self.keys is not None and self.keys_env is not None:
            raise ValueError("keys and keys_env exclude each other: leave one of them out")
        if self.open and (self.keys is not None or self.keys_env is not None):
            raise ValueError("open = true and keys exclude each other: leave one of them out")
        return self

    def text(self) -> str | None:
        """Read the keys, wherever they are; None where there are to be none."""
        if self.keys_env is not None:
            return variable(self.keys_env, "auth.keys_env")
        if self.keys is None:
            return None
        try:
            return self.keys.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise SettingsError(f"auth.keys: {self.keys}: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise SettingsError(f"auth.keys: {self.keys}: {error}") from None

"""All of the configuration, and where it comes from."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import pydantic_settings
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.settings.auth import AuthSection
from service.settings.complaints import explain
from service.settings.environment import (
    API_KEY_VARIABLE,
    CONFIG_VARIABLE,
    PREFIX,
    URL_VARIABLE,
    environment,
)
from service.settings.models import CacheSection, Defaults, ModelName, ModelSettings
from service.settings.parts import SandboxSection, StoreSection
from service.settings.section import SettingsError
from service.settings.serving import LogSection, McpSection, ServerSection, TracingSection
from service.settings.shipped import shared_file

_IN_THE_ENVIRONMENT = (
    """lists and tables are JSON there, as in CTRL_MCP__ALLOWED_HOSTS='["ctrl.example.org"]'"""
)


class Settings(BaseSettings):
    """Everything the gateway can be told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    server: ServerSection = ServerSection()
    models: dict[ModelName, ModelSettings] = Field(min_length=1)
    defaults: Defaults = Defaults()
    cache: CacheSection = CacheSection()
    sandbox: SandboxSection = SandboxSection()
    store: StoreSection = StoreSection()
    mcp: McpSection = McpSection()
    auth: AuthSection = AuthSection()
    log: LogSection = LogSection()
    tracing: TracingSection = TracingSection()

    @classmethod
    def settings_customise_sources(  # the signature is pydantic-settings'
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose table arrives as arguments."""
        return env_settings, init_settings

    @field_validator("models", mode="before")
    @classmethod
    def _known_engines(cls, models: object) -> object:
        """Say which model lacks an engine: the union's own message names none."""
        if isinstance(models, Mapping):
            for name, model in models.items():
                if isinstance(model, Mapping) and "engine" not in model:
                    raise ValueError(f'models.{name} needs engine = "embedded" or engine = "openai"')
        return models

    @field_validator("models")
    @classmethod
    def _no_model_is_the_loop(cls, models: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        if "refine" in models:
            raise ValueError("models.refine: that name is the loop's own; choose another")
        return models

    @model_validator(mode="after")
    def _defaults_are_configured(self) -> Self:
        for role in ("generator", "critic"):
            name = getattr(self.defaults, role)
            if name not in self.models:
                known = ", ".join(sorted(self.models))
                raise ValueError(f"defaults.{role} names {name!r}, which is not configured; models: {known}")
        return self


def load_settings(path: Path | None = None) -> Settings:
    """Read the file at `path`, else `CTRL_CONFIG`'s, else `./ctrl.toml`, else none; then the environment."""
    variables = environment()
    _refuse_unknown(variables)
    if path is None and CONFIG_VARIABLE in variables:
        path = Path(variables[CONFIG_VARIABLE])
    if path is None and Path("ctrl.toml").is_file():
        path = Path("ctrl.toml")
    table = {} if path is None else _read(path)
    base = Path.cwd() if path is None else path.resolve().parent
    try:
        settings = Settings(**{"models": _mini_models(), **table})
    except ValidationError as error:
        raise SettingsError(explain(error, Settings)) from None
    except pydantic_settings.SettingsError as error:
        raise SettingsError(f"{error}: {_IN_THE_ENVIRONMENT}") from None
    models = {name: model.resolved(base) for name, model in settings.models.items()}
    return settings.model_copy(update={"models": models, "auth": settings.auth.resolved(base)})


def _mini_models() -> dict[str, dict[str, object]]:
    """Name the tiny models that come with the project: what there is without a file that names others."""
    mini = shared_file("weights/mini")
    return {
        f"mini-{role}": {"engine": "embedded", "role": role, "path": mini / role}
        for role in ("generator", "critic")
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _refuse_unknown(variables: Iterable[str]) -> None:
    """List misspelt variables: pydantic-settings would ignore them in silence."""
    unknown = sorted(
        name
        for name in variables
        if name.startswith(PREFIX)
        and name not in {CONFIG_VARIABLE, URL_VARIABLE, API_KEY_VARIABLE}
        and name.removeprefix(PREFIX).lower().partition("__")[0] not in Settings.model_fields
    )
    if unknown:
        raise SettingsError(
            f"unknown environment variables: {', '.join(unknown)}; "
            f"known are {PREFIX}<SECTION>__<KEY> for the sections {', '.join(Settings.model_fields)}"
        )

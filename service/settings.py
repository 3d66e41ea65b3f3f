"""The gateway's configuration: built-in defaults, under `ctrl.toml`, under the environment (`CTRL_…`).

Nothing else reads a configuration file or the environment. Secrets come from the environment only:
a model names the variable that holds its key (`api_key_env`).
"""

import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "CTRL_"
URL_VARIABLE, API_KEY_VARIABLE = "CTRL_URL", "CTRL_API_KEY"
"""Where a client finds the gateway, and its key; of no concern to the gateway itself."""
CONFIG_VARIABLE = "CTRL_CONFIG"
"""Names the configuration file where no path is given; without it `ctrl.toml` in the working directory."""

ModelName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]


class SettingsError(Exception):
    """The configuration cannot be used; the message says which value, and where it came from."""


class Section(BaseModel):
    """A table of the configuration: immutable, and every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def resolved(self, base: Path) -> Self:
        """Take relative paths as relative to `base`."""
        paths = {
            name: base / value
            for name in type(self).model_fields
            if isinstance(value := getattr(self, name), Path)
        }
        return self.model_copy(update=paths)


class ModelSection(Section):
    """What every model has: a part to play, and the wording it was trained or prompted with."""

    role: Literal["generator", "critic"] | None = None
    """None: both, unless the weights' manifest says which."""
    template: Path | None = None
    """A TOML or JSON file with the prompt template; overrides the manifest's."""
    manifest: Path | None = None
    """`critic.json` or `generator.json`; found beside embedded weights by itself."""

    @model_validator(mode="after")
    def _a_template_is_for_a_role(self) -> Self:
        if self.template is not None and self.role is None:
            raise ValueError('template needs role = "generator" or role = "critic"')
        return self


class EmbeddedModelSettings(ModelSection):
    """Small weights run by this process, on the CPU."""

    engine: Literal["embedded"]
    path: Path


class OpenAIModelSettings(ModelSection):
    """A chat endpoint that speaks OpenAI's API: vLLM, a vendor, a router."""

    engine: Literal["openai"]
    base_url: HttpUrl | None = None
    base_urls: tuple[HttpUrl, ...] = Field(default=(), max_length=64)
    """Several servers of the same weights, in place of `base_url`; one problem's calls go to one of them."""
    model: str = Field(min_length=1)
    api_key_env: str | None = Field(default=None, min_length=1)
    api_key_file: Path | None = None
    """A file that holds the key and nothing else, such as a mounted secret."""
    pinned: bool = False
    """Ask for `MODEL@` and the pin of the manifest: who serves other weights does not know that name."""
    timeout_s: PositiveFloat = 600.0
    """Bound of one call, repetitions included."""
    cache_salt: bool = False
    """Give each tenant a part of the server's prefix cache of their own; the server must be a vLLM."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.base_url is None) == (not self.base_urls):
            raise ValueError("needs either base_url or base_urls")
        if len(set(self.base_urls)) < len(self.base_urls):
            raise ValueError("base_urls names one server twice")
        if self.api_key_env is not None and self.api_key_file is not None:
            raise ValueError("api_key_env and api_key_file exclude each other: leave one of them out")
        if self.pinned and self.manifest is None:
            raise ValueError("pinned = true needs a manifest")
        return self

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every base URL."""
        urls = self.base_urls if self.base_url is None else (self.base_url,)
        return tuple(map(str, urls))

    def api_key(self) -> SecretStr | None:
        """Read the key from the file or the variable this model names."""
        if self.api_key_file is not None:
            return _secret_in(self.api_key_file, f"model {self.model!r}: api_key_file")
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env, "")  # noqa: TID251 - this is the one module that may
        if not key:
            raise SettingsError(
                f"model {self.model!r}: the environment variable {self.api_key_env} is not set"
            )
        return SecretStr(key)


ModelSettings = Annotated[EmbeddedModelSettings | OpenAIModelSettings, Field(discriminator="engine")]


class Defaults(Section):
    """What a request that names nothing gets."""

    generator: str = "mini-generator"
    critic: str = "mini-critic"
    rounds: int = Field(default=3, ge=0, le=16)
    refine_when: Literal["never", "no_tools", "always"] = "no_tools"
    """Which requests for the model `refine` are refined; the others reach the generator untouched."""


class CacheSection(Section):
    """Answers of models that would be the same again: decoded greedily or with a seed."""

    entries: int = Field(default=0, ge=0, le=100_000)
    """Answers kept of each model in each role, in this process; 0 keeps none. One takes up to 0.5 MB."""
    ttl_s: PositiveFloat = 600.0


class SandboxSection(Section):
    """Where programs are run."""

    url: HttpUrl = HttpUrl("http://127.0.0.1:8080")
    timeout_s: PositiveFloat = 60.0
    """Bound of one judging, waiting for a place in the queue included."""
    connections: PositiveInt = 32


STORE_SCHEMES = ("redis://", "rediss://", "unix://")


class StoreSection(Section):
    """Where durable refinements are kept."""

    url: SecretStr = SecretStr("")
    """`redis://host:6379/0`, `rediss://…` or `unix:///…`; empty keeps them in this process."""
    password_env: str | None = Field(default=None, min_length=1)
    prefix: str = Field(default="ctrl:", max_length=64)
    """Put before every key, so that services may share a Redis."""
    timeout_s: float = Field(default=0.5, gt=0, le=10)
    """How long Redis may take to connect, and to answer, before it counts as down."""
    ttl_s: PositiveFloat = 86_400.0
    """How long a finished refinement and an idempotency key are kept."""
    lease_s: float = Field(default=15.0, ge=0.5)
    """How long a gateway may be silent before another one takes its refinements over."""
    max_background: int = Field(default=8, ge=0)
    """Background refinements this process works at; 0 leaves them to others."""
    max_events: int = Field(default=10_000, ge=16)
    """Events kept of one refinement; the oldest are let go."""
    max_queued: PositiveInt = 1_000
    """Unfinished background refinements, of all gateways together."""
    max_queued_of_tenant: PositiveInt = 250
    """The same of one tenant, where there are keys."""

    @field_validator("url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(STORE_SCHEMES):
            raise ValueError('must be "" or begin with redis://, rediss:// or unix://')
        return url

    def password(self) -> SecretStr | None:
        """Read the password from the variable named."""
        if self.password_env is None:
            return None
        password = os.environ.get(self.password_env, "")  # noqa: TID251 - this is the one module that may
        if not password:
            raise SettingsError(f"store: the environment variable {self.password_env} is not set")
        return SecretStr(password)


class ServerSection(Section):
    """The HTTP side."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    max_inflight: PositiveInt = 64
    """Refinements, critiques and judgings at work at once; more are turned away with 503."""
    body_bytes: PositiveInt = 4 * 1024 * 1024
    body_seconds: PositiveFloat = 60.0
    """How long the body of a request may take to arrive."""
    heartbeat_s: PositiveFloat = 10.0
    """Silence on an event stream after which a heartbeat is sent."""
    request_seconds: PositiveFloat = 900.0
    """Bound of one refinement; a request's own `budget.seconds` may only shorten it."""
    judge_concurrency: PositiveInt = 16
    """Critiques one judging asks for at once."""
    queue_s: PositiveFloat = 100.0
    """How long a trainer's request for rewards waits for a place; the others are turned away at once."""
    drain_s: PositiveInt = 20
    """How long a stopping process waits for work in flight."""


class McpSection(Section):
    """Who may call `/mcp`: a browser is let near it only by name."""

    allowed_hosts: tuple[str, ...] = ()
    """Names this gateway is called by, without port. Empty: loopback's where it listens there, else any."""
    allowed_origins: tuple[str, ...] = ()
    """Web pages that may call, such as `https://example.org`, besides those served from loopback."""


class TracingSection(Section):
    """Where OpenTelemetry's spans go, if anywhere; needs the extra `otel`."""

    endpoint: HttpUrl | None = None
    """A collector of OTLP over HTTP, such as `http://localhost:4318`; without one nothing is recorded."""
    service_name: str = Field(default="ctrl-gateway", min_length=1, max_length=128)
    sample: float = Field(default=1.0, ge=0, le=1)
    """Share of the traces begun here that are recorded; one begun by a client is recorded as it says."""
    timeout_s: PositiveFloat = 5.0
    """How long the collector may take for a batch, and for the last one of a process that stops."""


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
            text = os.environ.get(self.keys_env, "")  # noqa: TID251 - this is the one module that may
            if not text:
                raise SettingsError(f"auth.keys_env: the environment variable {self.keys_env} is not set")
            return text
        if self.keys is None:
            return None
        try:
            return self.keys.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"auth.keys: {self.keys}: {error}") from None


class LogSection(Section):
    """What is written to stdout, one JSON object a line."""

    level: Literal["debug", "info", "warning", "error"] = "info"


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
    environment = os.environ  # noqa: TID251 - this is the one module that may
    _refuse_unknown(environment)
    if path is None and CONFIG_VARIABLE in environment:
        path = Path(environment[CONFIG_VARIABLE])
    if path is None and Path("ctrl.toml").is_file():
        path = Path("ctrl.toml")
    table = {} if path is None else _read(path)
    base = Path.cwd() if path is None else path.resolve().parent
    try:
        settings = Settings(**{"models": _mini_models(), **table})
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    models = {name: model.resolved(base) for name, model in settings.models.items()}
    return settings.model_copy(update={"models": models, "auth": settings.auth.resolved(base)})


def _secret_in(path: Path, setting: str) -> SecretStr:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"{setting}: {path}: {reason}") from None
    if not secret:
        raise SettingsError(f"{setting}: {path} is empty")
    return SecretStr(secret)


def _mini_models() -> dict[str, dict[str, object]]:
    """Name the tiny models that come with the project: what there is without a file that names others."""
    mini = shared_file("weights/mini")
    return {
        f"mini-{role}": {"engine": "embedded", "role": role, "path": mini / role}
        for role in ("generator", "critic")
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _refuse_unknown(environment: Iterable[str]) -> None:
    """List misspelt variables: pydantic-settings would ignore them in silence."""
    unknown = sorted(
        name
        for name in environment
        if name.startswith(PREFIX)
        and name not in {CONFIG_VARIABLE, URL_VARIABLE, API_KEY_VARIABLE}
        and name.removeprefix(PREFIX).lower().partition("__")[0] not in Settings.model_fields
    )
    if unknown:
        raise SettingsError(
            f"unknown environment variables: {', '.join(unknown)}; "
            f"known are {PREFIX}<SECTION>__<KEY> for the sections {', '.join(Settings.model_fields)}"
        )


def _explain(error: ValidationError) -> str:
    """Give each complaint its own line, by the key it is about; values stay out, they may be secrets."""
    return "\n".join(
        f"{'.'.join(str(part) for part in complaint['loc']) or 'configuration'}: {complaint['msg']}"
        for complaint in error.errors(include_input=False, include_url=False)
    )


def shared_file(name: str) -> Path:
    """Find what ships with the project: in the working directory, the source tree or the installation."""
    roots = (Path.cwd(), Path(__file__).resolve().parents[1], Path(sys.prefix) / "share" / "ctrl-refine")
    return next((root / name for root in roots if (root / name).exists()), roots[1] / name)

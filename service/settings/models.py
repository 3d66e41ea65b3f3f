"""Models by name, and which of them a request gets."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, SecretStr, model_validator

from service.settings.environment import secret_in, variable
from service.settings.section import BaseUrl, Section

ModelName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
ADDRESSES = 64
"""Servers of a model at most."""


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
    base_url: BaseUrl | None = None
    base_urls: tuple[BaseUrl, ...] = Field(default=(), max_length=ADDRESSES)
    """Several servers of the same weights, in place of `base_url`; one problem's calls go to one of them."""
    model: str = Field(min_length=1)
    api_key_env: str | None = Field(default=None, min_length=1)
    api_key_file: Path | None = None
    """A file that holds the key and nothing else, such as a mounted secret."""
    pinned: bool = False
    """Ask for `MODEL@` and the pin of the manifest: who serves other weights does not know that name."""
    timeout_s: PositiveFloat = 600.0
    """Bound of one call, repetitions included."""
    hedge_s: PositiveFloat | None = None
    """How long an answer may take to begin before a copy of the call goes to another of `base_urls`."""
    cache_salt: bool = False
    """Give each tenant a part of the server's prefix cache of their own; the server must be a vLLM."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.base_url is None) == (not self.base_urls):
            raise ValueError("needs either base_url or base_urls")
        if len(set(self.base_urls)) < len(self.base_urls):
            raise ValueError("base_urls names one server twice")
        if self.hedge_s is not None and len(self.base_urls) < 2:
            raise ValueError("hedge_s needs two base_urls or more: the copy goes to another server")
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

    def api_key(self, name: str) -> SecretStr | None:
        """Read the key from the file or the variable of the model that is called `name` here."""
        if self.api_key_file is not None:
            return secret_in(self.api_key_file, f"models.{name}.api_key_file")
        if self.api_key_env is None:
            return None
        return SecretStr(variable(self.api_key_env, f"models.{name}.api_key_env"))


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

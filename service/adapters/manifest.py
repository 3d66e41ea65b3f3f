"""What weights say of themselves: `critic.json` or `generator.json`, written by training beside them.

The prompt a model was trained with travels with its weights, so that what is trained is what is served.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from service.domain.chat import Sampling
from service.domain.templates import (
    CRITIC_TEMPLATE,
    GENERATOR_TEMPLATE,
    PROMPTED_CRITIC_TEMPLATE,
    CriticTemplate,
    GeneratorTemplate,
)

T = TypeVar("T", CriticTemplate, GeneratorTemplate)

KNOWN_CRITICS = {template.id: template for template in (CRITIC_TEMPLATE, PROMPTED_CRITIC_TEMPLATE)}
KNOWN_GENERATORS = {GENERATOR_TEMPLATE.id: GENERATOR_TEMPLATE}


class ManifestError(Exception):
    """A manifest or a template cannot be used; the message names the file and says why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TemplateText(_Part):
    """A prompt template: an id this gateway knows, or an id and the text."""

    id: str = Field(min_length=1, max_length=200)
    system: str | None = None
    critique: str | None = None
    hint: str | None = None
    compare: str | None = None
    propose: str | None = None
    revise: str | None = None


class SamplingText(_Part):
    """Decoding that suits these weights."""

    temperature: float | None = Field(default=None, ge=0, le=10)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    stop: tuple[str, ...] = ()

    def onto(self, default: Sampling) -> Sampling:
        """Fill what is not said here from `default`."""
        return Sampling(
            temperature=default.temperature if self.temperature is None else self.temperature,
            top_p=default.top_p if self.top_p is None else self.top_p,
            max_tokens=default.max_tokens if self.max_tokens is None else self.max_tokens,
            seed=default.seed if self.seed is None else self.seed,
            stop=self.stop or default.stop,
        )


class KindsOfSampling(_Part):
    """One entry for each kind of completion these weights write."""

    propose: SamplingText = SamplingText()
    critique: SamplingText = SamplingText()
    revise: SamplingText = SamplingText()


class Base(_Part):
    """The model that training started from."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    sha256: str | None = None


class Manifest(_Part):
    """Where weights come from and how they want to be asked; what else it says is passed on."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal[1] = Field(alias="schema")
    name: str
    role: Literal["generator", "critic"]
    kind: str = "full"
    scope: str = ""
    notice: str | None = None
    """Told to whoever is served by these weights; mini weights say that they know the mini world only."""
    base: Base | None = None
    files: dict[str, str] = {}
    template: TemplateText
    sampling: KindsOfSampling = KindsOfSampling()
    dataset_sha256: str | None = None
    config: dict[str, JsonValue] = {}
    commit: str | None = None
    metrics: dict[str, JsonValue] = {}
    created: JsonValue = None

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with anything the manifest says."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def verify(self, directory: Path) -> None:
        """Compare the weights' files with their digests."""
        for name, expected in self.files.items():
            if Path(name).name != name:
                raise ManifestError(f"{directory}: the manifest names a file outside: {name!r}")
            try:
                with (directory / name).open("rb") as file:
                    actual = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise ManifestError(f"{directory / name}: {error.strerror}") from error
            if actual != expected:
                raise ManifestError(f"{directory / name}: its SHA-256 is not the one in the manifest")


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file."""
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise ManifestError(f"{path}: {_first(error)}") from error


def pin_of(path: Path) -> str:
    """Twelve hex digits of a manifest's file: a server of its weights answers to `NAME@` and these."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error


def find_manifest(weights: Path, role: str | None) -> Path | None:
    """Find the manifest beside weights."""
    roles = ("critic", "generator") if role is None else (role,)
    return next((path for name in roles if (path := weights / f"{name}.json").is_file()), None)


def read_template(path: Path) -> TemplateText:
    """Read a template file, TOML or JSON."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        return TemplateText.model_validate(table)
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise ManifestError(f"{path}: {_first(error)}") from error
    except ValueError as error:
        raise ManifestError(f"{path}: {error}") from error


def critic_template(text: TemplateText | None) -> CriticTemplate:
    """Return the wording a critic is asked with; refuse an id that is unknown and brings no text."""
    if text is None:
        return CRITIC_TEMPLATE
    if text.critique is not None and text.hint is not None:
        return CriticTemplate(
            id=text.id, critique=text.critique, hint=text.hint, system=text.system, compare=text.compare
        )
    return _known(text, KNOWN_CRITICS, "critique and hint")


def generator_template(text: TemplateText | None) -> GeneratorTemplate:
    """Return the wording a generator is asked with; refuse an id that is unknown and brings no text."""
    if text is None:
        return GENERATOR_TEMPLATE
    if text.propose is not None and text.revise is not None:
        return GeneratorTemplate(id=text.id, propose=text.propose, revise=text.revise, system=text.system)
    return _known(text, KNOWN_GENERATORS, "propose and revise")


def template_digest(template: CriticTemplate | GeneratorTemplate) -> str:
    """Twelve hex digits that change with a template's wording."""
    match template:
        case CriticTemplate():
            words = [template.system, template.critique, template.hint]
            # A wording that is not there changes no digest: those of trained critics stay as they are.
            words += [] if template.compare is None else [template.compare]
        case GeneratorTemplate():
            words = [template.system, template.propose, template.revise]
    return hashlib.sha256(json.dumps([template.id, *words]).encode()).hexdigest()[:12]


def _known(text: TemplateText, known: Mapping[str, T], fields: str) -> T:
    if text.id not in known:
        raise ManifestError(f"template {text.id!r} is unknown here and brings no text: give {fields}")
    return known[text.id]


def _first(error: ValidationError) -> str:
    complaint = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in complaint['loc'])}: {complaint['msg']}"

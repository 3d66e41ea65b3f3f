"""`GET /v1/models`: OpenAI's list, with what each model is."""

from collections.abc import Mapping
from typing import Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from service.api.openai.errors import ErrorBody
from service.api.routing import ServicesDep
from service.domain.errors import UnknownModelError
from service.services import ModelCard, Services

router = APIRouter(tags=["models"])

REFINE = "refine"
"""The name by which OpenAI's doors know the loop."""


class ModelOut(BaseModel):
    """A model as it is told of: what it is, never where it is."""

    name: str
    role: Literal["generator", "critic", "any", "refine"]
    """`refine` is the loop, listed as a model."""
    engine: str
    template: str
    notice: str | None
    """What is said of every answer that the model has a part in."""
    manifest: Mapping[str, JsonValue] | None

    @classmethod
    def of(cls, card: ModelCard) -> Self:
        return cls.model_validate(card, from_attributes=True)


class ListedModel(ModelOut):
    """A model in OpenAI's list; `refine` is the loop behind a model's name, by which generator it may say."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "ctrl-refine"
    default: bool


class ModelList(BaseModel):
    """OpenAI's list."""

    object: Literal["list"] = "list"
    data: list[ListedModel]


@router.get("/v1/models")
async def models(services: ServicesDep) -> ModelList:
    """List the models a request may name."""
    return ModelList(data=_listed(services))


@router.get("/v1/models/{model:path}", responses={404: {"model": ErrorBody}})
async def model(model: str, services: ServicesDep) -> ListedModel:
    """Describe one of them."""
    listed = {each.id: each for each in _listed(services)}
    if model not in listed:
        raise UnknownModelError("model", model, tuple(listed))
    return listed[model]


def _listed(services: Services) -> list[ListedModel]:
    defaults = (services.default_generator, services.default_critic)
    configured = [
        ListedModel(id=card.name, default=card.name in defaults, **ModelOut.of(card).model_dump())
        for card in services.cards
    ]
    return [*configured, _loop(services, None), *(_loop(services, name) for name in services.generators)]


def _loop(services: Services, generator: str | None) -> ListedModel:
    """Describe the loop as a model: with a generator, or with the default one."""
    writes = ModelOut.of(services.generator(generator).card)
    name = REFINE if generator is None else f"{REFINE}/{generator}"
    return ListedModel(
        id=name,
        name=name,
        role="refine",
        engine="refine",
        template=writes.template,
        notice=notice(writes, ModelOut.of(services.critic(None).card)),
        manifest=None,
        default=generator is None,
    )


def notice(*models: ModelOut) -> str | None:
    """Join what models want said of them."""
    return " ".join(dict.fromkeys(model.notice for model in models if model.notice)) or None

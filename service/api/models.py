"""`GET /v1/models`: OpenAI's list, with what each model is."""

from collections.abc import Mapping
from typing import Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from service.api.routing import ServicesDep
from service.services import ModelCard

router = APIRouter(tags=["models"])


class ModelOut(BaseModel):
    """A model as it is told of: what it is, never where it is."""

    name: str
    role: Literal["generator", "critic", "any"]
    engine: str
    template: str
    notice: str | None
    """What is said of every answer that the model has a part in."""
    manifest: Mapping[str, JsonValue] | None

    @classmethod
    def of(cls, card: ModelCard) -> Self:
        return cls.model_validate(card, from_attributes=True)


class ListedModel(ModelOut):
    """A model in OpenAI's list."""

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
    defaults = (services.default_generator, services.default_critic)
    return ModelList(
        data=[
            ListedModel(id=card.name, default=card.name in defaults, **ModelOut.of(card).model_dump())
            for card in services.cards
        ]
    )


def notice(*models: ModelOut) -> str | None:
    """Join what models want said of them."""
    return " ".join(dict.fromkeys(model.notice for model in models if model.notice)) or None

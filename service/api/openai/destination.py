"""Where a request goes: into the loop, or to a model as it is."""

from dataclasses import dataclass

from service.api.models import REFINE
from service.api.openai.body import OpenAIBody
from service.api.openai.conversation import uses_tools
from service.domain.errors import UnknownModelError
from service.services import RefineWhen, ServedModel, Services


@dataclass(frozen=True, slots=True)
class Loop:
    """The refinement loop, with a generator or with the default one."""

    generator: str | None


def destination(body: OpenAIBody, services: Services) -> Loop | ServedModel:
    """Choose by the model's name, and by whether an agent is asking."""
    name = body.model
    alias, slash, generator = name.partition("/")
    if alias != REFINE:
        return _model(name, name, services)
    if slash and generator not in services.generators:
        raise _unknown(name, services)
    writes = generator or None
    if _refines(body, services.bounds.refine_when):
        return Loop(writes)
    return _model(writes or services.default_generator, name, services)


def _refines(body: OpenAIBody, when: RefineWhen) -> bool:
    """Refining every turn of an agent would be slow, and an answer without a call would end its work."""
    if when is not RefineWhen.NO_TOOLS:
        return when is RefineWhen.ALWAYS
    conversation = body.fields.get("messages") or body.fields.get("input")
    return not (body.has_tools or body.is_codex or uses_tools(conversation))


def _model(name: str, asked: str, services: Services) -> ServedModel:
    if name not in services.models:
        raise _unknown(asked, services)
    return services.models[name]


def _unknown(name: str, services: Services) -> UnknownModelError:
    loops = (REFINE, *(f"{REFINE}/{generator}" for generator in services.generators))
    return UnknownModelError("model", name, (*services.models, *loops))

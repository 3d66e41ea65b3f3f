"""A refinement asked for in OpenAI's dialect."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from service.api.openai.body import OURS, invalid
from service.api.refine_request import RefineRequest
from service.api.refining import Refining
from service.domain.errors import RequestError
from service.services import Services

_FROM_THE_BODY = frozenset({"problem", "generator", "sampling", "stream", "background", "metadata"})
"""What the dialect has fields of its own for, or no use."""

OPTIONS = tuple(name for name in RefineRequest.model_fields if name not in _FROM_THE_BODY)
"""What `refine` may say in a body: the loop's options, as in `POST /refine`."""


@dataclass(frozen=True, slots=True)
class LoopRequest:
    """The parts of a refinement, and by which names the client knows them."""

    problem: str
    draft: str | None
    generator: str | None
    sampling: Mapping[str, JsonValue]
    metadata: JsonValue
    options: Mapping[str, JsonValue]
    stream: bool
    names: Mapping[str, str]

    def start(self, services: Services) -> Refining:
        """Check everything, by the rules of `POST /refine`."""
        for name in self.options:
            if name not in OPTIONS:
                raise RequestError(f"{OURS}.{name}", f"{OURS} knows {', '.join(OPTIONS)}")
        with self._renamed():
            return Refining.of(self._request(), services)

    def _request(self) -> RefineRequest:
        fields = {
            "problem": self.problem,
            "solution": self.draft,
            "generator": self.generator,
            "sampling": dict(self.sampling),
            "metadata": self.metadata or {},
            "stream": self.stream,
            **self.options,
        }
        try:
            return RefineRequest.model_validate(fields)
        except ValidationError as error:
            raise invalid(error) from None

    @contextmanager
    def _renamed(self) -> Iterator[None]:
        try:
            yield
        except RequestError as error:
            field = self._name(error.field)
            message = str(error).removeprefix(f"{error.field}: ")
            raise RequestError(field, f"{field}: {message}") from error

    def _name(self, field: str) -> str:
        """Say where in the client's own body a field of the refinement came from."""
        if field == "solution" and field in self.options:
            return f"{OURS}.{field}"
        first, dot, rest = field.partition(".")
        if first == "sampling":
            return self.names.get(rest, rest)
        return f"{self.names.get(first, f'{OURS}.{first}')}{dot}{rest}"

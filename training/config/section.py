"""What all sections of a configuration share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
"""Where a server is; without its scheme nobody would reach it."""
_ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


def is_address(text: str) -> bool:
    """Whether a text is one, for what is said outside a configuration."""
    try:
        _ADDRESS.validate_python(text)
    except ValidationError:
        return False
    return True

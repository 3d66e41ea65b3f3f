"""What all sections of a configuration share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
"""Where a server is; without its scheme nobody would reach it."""

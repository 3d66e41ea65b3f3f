"""What every table of the configuration is."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl


class SettingsError(Exception):
    """The configuration cannot be used; the message says which value, and where it came from."""


def _ends_with_its_path(url: HttpUrl) -> HttpUrl:
    if url.query is not None or url.fragment is not None:
        raise ValueError("must end with its path, to which more is added: leave out what follows ? or #")
    return url


BaseUrl = Annotated[HttpUrl, AfterValidator(_ends_with_its_path)]
"""An address below which the paths of a service are."""


class Section(BaseModel):
    """A table of the configuration: immutable, and every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    def resolved(self, base: Path) -> Self:
        """Take relative paths as relative to `base`."""
        paths = {
            name: base / value
            for name in type(self).model_fields
            if isinstance(value := getattr(self, name), Path)
        }
        return self.model_copy(update=paths)

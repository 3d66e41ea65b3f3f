"""The environment, and files of secrets: nothing else of the gateway reads either."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from service.settings.section import SettingsError

PREFIX = "CTRL_"
URL_VARIABLE, API_KEY_VARIABLE = "CTRL_URL", "CTRL_API_KEY"
"""Where a client finds the gateway, and its key; of no concern to the gateway itself."""
CONFIG_VARIABLE = "CTRL_CONFIG"
"""Names the configuration file where no path is given; without it `ctrl.toml` in the working directory."""


def environment() -> Mapping[str, str]:
    """Return all of it."""
    return os.environ  # noqa: TID251 - this is the one module that may


def variable(name: str, setting: str) -> str:
    """Read a variable that a setting names."""
    value = environment().get(name, "")
    if not value:
        raise SettingsError(f"{setting}: the environment variable {name} is not set")
    return value


def secret_in(path: Path, setting: str) -> SecretStr:
    """Read a file that holds a secret and nothing else."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"{setting}: {path}: {reason}") from None
    if not secret:
        raise SettingsError(f"{setting}: {path} is empty")
    return SecretStr(secret)

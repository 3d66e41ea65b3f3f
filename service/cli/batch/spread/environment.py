"""What Ray is told by the environment, which it reads when it is imported."""

import os
import secrets
from collections.abc import Mapping
from importlib.util import find_spec

from service.cli.exits import UsageError

_ALWAYS: Mapping[str, str] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do some day, and says so at each start
}

_ALONE: Mapping[str, str] = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too: the node's address is loopback
    "RAY_AUTH_MODE": "token",
}
"""Keep a Ray to loopback, and to who knows a token: whoever reaches one runs code as its owner."""


def prepare_for_ray(address: str | None) -> None:
    """Say what has to be said before Ray is imported. Without an address it is one of our own."""
    if find_spec("ray") is None:
        raise UsageError("--engine ray needs Ray: pip install '.[ray]' in the repository")
    environment = os.environ  # noqa: TID251 - Ray has no other way
    environment.update(_ALWAYS)
    if address is None:
        environment.update(_ALONE)
        environment.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

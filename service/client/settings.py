"""Where the gateway is and what it is asked with, for a client that is told neither."""

import os
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from service.settings import API_KEY_VARIABLE, URL_VARIABLE

DEFAULT_URL = "http://127.0.0.1:8000"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def configured_url() -> str | None:
    """Return the address in the environment, if there is one."""
    return os.environ.get(URL_VARIABLE) or None  # noqa: TID251 - a settings module


def gateway_at(url: str | None) -> dict[str, Any]:
    """Tell httpx where the gateway is; no proxy of the environment can reach this machine."""
    address = url or configured_url() or DEFAULT_URL
    return {"base_url": address, "trust_env": not _is_here(address)}


def _is_here(url: str) -> bool:
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False


def configured_key() -> SecretStr | None:
    """Return the key in the environment, if there is one."""
    key = os.environ.get(API_KEY_VARIABLE)  # noqa: TID251 - a settings module
    return SecretStr(key) if key else None

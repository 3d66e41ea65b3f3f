"""Where a request carries its key."""

import base64
import binascii
from collections.abc import Iterator

from starlette.datastructures import Headers


def keys_in(headers: Headers) -> Iterator[str]:
    """Yield what may be a key: a bearer's token, half of a URL's userinfo, or `x-api-key`."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    match scheme.lower():
        case "bearer":
            yield from _said(value)
        case "basic":
            yield from _basic(value)
    yield from _said(headers.get("x-api-key", ""))


def _basic(value: str) -> Iterator[str]:
    """Trainers can only put userinfo into a URL: the key is the password, or the name."""
    try:
        userinfo = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return
    name, _, password = userinfo.partition(":")
    yield from _said(password)
    yield from _said(name)


def _said(value: str) -> Iterator[str]:
    if value.strip():
        yield value.strip()

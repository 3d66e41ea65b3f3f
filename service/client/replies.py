"""From HTTP to answers and errors, the same for both clients."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from service.client.errors import AddressError, AnswerError, ProblemError, UnreachableError
from service.client.patience import retry_after_s
from service.client.settings import configured_key
from service.client.sse import Json

CONNECT_S = 5.0
SILENCE_S = 60.0
"""The gateway sends a heartbeat every ten seconds; after this much silence it is taken for dead."""

STREAM_TIMEOUT = httpx.Timeout(SILENCE_S, connect=CONNECT_S)

_PROXIES = (502, 503)
"""What a proxy says when there is no gateway behind it."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def authorization(api_key: str | None) -> Mapping[str, str]:
    """Return the header that a key is sent in; without a key, that of the environment."""
    if api_key is None and (configured := configured_key()) is not None:
        api_key = configured.get_secret_value()
    api_key = (api_key or "").strip()
    if not (api_key.isascii() and api_key.isprintable()):
        raise UnreachableError("the API key has characters that a header cannot carry", was_sent=False)
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the transport raises into an error of ours."""
    try:
        yield
    except httpx.UnsupportedProtocol as error:
        raise AddressError("the gateway's address must begin with http:// or https://") from error
    except httpx.HTTPError as error:
        sent = not isinstance(error, _NEVER_SENT)
        what = f"the connection to {_origin(error)} broke" if sent else f"nobody answers at {_origin(error)}"
        raise UnreachableError(f"{what} ({type(error).__name__}: {error})", was_sent=sent) from error
    except httpx.InvalidURL as error:
        raise AddressError(f"the gateway's address cannot be read: {error}") from error


def _origin(error: httpx.HTTPError) -> str:
    """Name the gateway that was asked, without the name and password that its address may hold."""
    url = error.request.url
    return f"{url.scheme}://{url.netloc.decode()}"


def checked(response: httpx.Response) -> Json:
    """Return a good answer's JSON; raise for a problem. The body must have been read."""
    body = json_of(response)
    if response.is_success:
        return body
    raise ProblemError(_problem(body), response.status_code, retry_after_s(response.headers))


def json_of(response: httpx.Response) -> Json:
    """Read a JSON object; whatever answers without one is no gateway."""
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        said = f"{response.url} answers with status {response.status_code}, but not as a gateway"
        if response.status_code in _PROXIES:
            raise UnreachableError(said, was_sent=False)
        raise AnswerError(said)
    return value


def _problem(body: Json) -> Json:
    """Take a problem as it is, or out of the body that OpenAI's routes have for errors."""
    match body:
        case {"error": {"message": str(message)}}:
            return {"title": message}
    return body

"""Whether a chat endpoint can be reached, without asking it to write anything."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import structlog
from pydantic import SecretStr
from yarl import URL

from service.domain.errors import ModelError

PING_S = 4.0
LIST_BYTES = 1 << 20
"""Longest list of models looked at."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EndpointPing:
    """Asks each base URL for its list of models; who has no such list, but answers, can be reached too.

    One that answers is enough; the others are named in the log.
    """

    name: str
    base_urls: Sequence[str]
    api_key: SecretStr | None
    listed: str | None = None
    """The name that must be on the list: weights other than those asked for are not ours."""

    async def __call__(self) -> None:
        timeout = aiohttp.ClientTimeout(total=PING_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            asked = [group.create_task(self._failure(session, base_url)) for base_url in self.base_urls]
        failures = {url: task.result() for url, task in zip(self.base_urls, asked, strict=True)}
        silent = {_shown(url): str(failure) for url, failure in failures.items() if failure is not None}
        if len(silent) < len(failures):
            if silent:
                log.warning("model_replicas_unreachable", model=self.name, failures=silent)
            return
        told = " and ".join(dict.fromkeys(silent.values()))
        first = next(iter(failures.values()))
        raise ModelError(f"model {self.name!r}: {told}") from (first and first.__cause__)

    async def _failure(self, session: aiohttp.ClientSession, base_url: str) -> ModelError | None:
        headers = {}
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key.get_secret_value()}"
        url = URL(base_url.rstrip("/") + "/models")
        # aiohttp refuses two credentials for one request.
        url = url.with_user(None) if headers else url
        try:
            async with session.get(url, headers=headers, allow_redirects=False) as response:
                return _failure_of(response.status) or await self._unlisted(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = ModelError(type(error).__name__)
            failure.__cause__ = error
            return failure

    async def _unlisted(self, response: aiohttp.ClientResponse) -> ModelError | None:
        if self.listed is None or response.status != 200:
            return None
        names = _names(await response.content.read(LIST_BYTES))
        if self.listed in names:
            return None
        return ModelError(
            f"the endpoint serves other weights than the manifest's: {self.listed} is asked for, and there "
            f"are {', '.join(names)[:200] or 'none'}; give both the same manifest"
        )


def _names(body: bytes) -> list[str]:
    """Read the names from a list of models, as far as it is one."""
    try:
        return [str(model["id"]) for model in json.loads(body)["data"]]
    except (ValueError, TypeError, KeyError):
        return []


def _failure_of(status: int) -> ModelError | None:
    if status in (401, 403):
        return ModelError(f"the endpoint refuses the key (status {status})")
    return ModelError(f"status {status}") if status >= 500 else None


def _shown(base_url: str) -> str:
    return str(URL(base_url).with_user(None).with_query(None))

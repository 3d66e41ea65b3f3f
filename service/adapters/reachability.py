"""Whether a chat endpoint can be reached, without asking it to write anything."""

from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from service.domain.errors import ModelError

PING_S = 4.0


@dataclass(frozen=True, slots=True)
class EndpointPing:
    """Asks an endpoint for its list of models; who has no such list, but answers, can be reached too."""

    name: str
    base_url: str
    api_key: SecretStr | None

    async def __call__(self) -> None:
        headers = {}
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key.get_secret_value()}"
        timeout = aiohttp.ClientTimeout(total=PING_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(
                    self.base_url.rstrip("/") + "/models", headers=headers, allow_redirects=False
                ) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ModelError(f"model {self.name!r}: {type(error).__name__}") from error
        if status in (401, 403):
            raise ModelError(f"model {self.name!r}: the endpoint refuses the key (status {status})")
        if status >= 500:
            raise ModelError(f"model {self.name!r}: status {status}")

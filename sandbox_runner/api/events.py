"""One log line and one count per judged request. Code is known by its hash and length only."""

import hashlib
import re
import time
import uuid

import structlog
from fastapi import Request

from sandbox_runner.api.services import services_of, tenant_of

log = structlog.get_logger()

_SAFE_ID = re.compile(r"[A-Za-z0-9._:/-]{1,100}")


class RequestEvent:
    """Knows when the request came, by `time.monotonic`; `finished` tells how it went."""

    def __init__(self, request: Request) -> None:
        self._metrics = services_of(request).sandbox.metrics
        self._route = request.url.path
        self._tenant = tenant_of(request)
        self.began = time.monotonic()
        given = request.headers.get("x-request-id", "")
        self._id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex

    def finished(self, outcome: str, **counts: object) -> None:
        self._metrics.request_answered(self._route, outcome)
        log.info(
            "request_judged",
            request_id=self._id,
            tenant=self._tenant,
            route=self._route,
            outcome=outcome,
            took_s=round(time.monotonic() - self.began, 6),
            **counts,
        )


def fingerprint(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]

"""What routes need, made once and carried by the app."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from sandbox_runner.admission.admitted import AdmittedJudge
from sandbox_runner.admission.cache import CachedJudge, VerdictCache
from sandbox_runner.admission.queue import Admission, Ticket
from sandbox_runner.admission.slots import Slots
from sandbox_runner.api.convert import Converter, offers
from sandbox_runner.domain.verdict import Tier
from sandbox_runner.judging import Judge
from sandbox_runner.sandbox import Sandbox
from sandbox_runner.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    sandbox: Sandbox
    converter: Converter
    admission: Admission
    cache: VerdictCache

    @classmethod
    def of(cls, settings: Settings, sandbox: Sandbox) -> "Services":
        tier, metrics = sandbox.readiness.tier, sandbox.metrics
        isolated, slots = sandbox.readiness.isolated, Slots.of(settings.concurrency)
        return cls(
            settings,
            sandbox,
            Converter(settings, tier, offers(isolated=isolated), isolated=isolated),
            Admission(slots, settings.queue_size, settings.patient_queue_size, metrics),
            VerdictCache(settings.cache_bytes, settings.cache_entries, tier, metrics),
        )

    @property
    def tier(self) -> Tier:
        return self.sandbox.readiness.tier

    def judge_for(
        self, tenant: str, deadline: float | None = None, *, patient: bool = False, streams: bool = False
    ) -> Judge:
        """The judge as one request sees it: cached answers at once, all others in turn.

        `deadline` is a time of `time.monotonic`.
        Nobody waits for the verdict of a request that `streams`: its client sets the pace.
        """
        admitted = AdmittedJudge(self.sandbox.judge, self.admission, Ticket(tenant, deadline, patient))
        return CachedJudge(admitted, self.cache, tenant, leads=not streams)


def services_of(request: Request) -> Services:
    # Starlette does not know the type of an app's state.
    return cast("Services", request.app.state.services)


def tenant_of(request: Request) -> str:
    """Whose key came with the request; the authentication has put it there."""
    return str(request.scope["tenant"])

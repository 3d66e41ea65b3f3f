"""What routes need, made once and carried by the app."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from sandbox_runner.admission import Admission
from sandbox_runner.api.convert import Converter
from sandbox_runner.sandbox import Sandbox
from sandbox_runner.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    sandbox: Sandbox
    converter: Converter
    admission: Admission

    @classmethod
    def of(cls, settings: Settings, sandbox: Sandbox) -> "Services":
        converter = Converter(settings, sandbox.readiness.tier)
        admission = Admission(settings.concurrency, settings.queue_size, sandbox.metrics)
        return cls(settings, sandbox, converter, admission)


def services_of(request: Request) -> Services:
    # FastAPI does not accept Starlette's typed request state in a dependency.
    return cast("Services", request.app.state.services)

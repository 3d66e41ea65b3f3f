"""A gateway that knows nothing but jobs, and whose connections break when told to."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Json = dict[str, Any]


@dataclass
class JobServer:
    """Each job has the script's events; connections break in turn after the numbers of events in `breaks`."""

    events: list[tuple[str, Json]]
    breaks: list[int] = field(default_factory=list)
    loses_answers: int = 0
    """So many answers to a new job are lost on the way."""
    refuses: int = 0
    """So often a job is not told: the store is away."""
    keys: dict[str, str] = field(default_factory=dict)
    bodies: list[Json] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    resumed_after: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/refine", self._start, methods=["POST"]),
                Route("/refine/{id}", self._show, methods=["GET"]),
                Route("/refine/{id}", self._cancel, methods=["DELETE"]),
                Route("/refine/{id}/events", self._events, methods=["GET"]),
            ]
        )

    async def _start(self, request: Request) -> Response:
        body = await request.json()
        self.bodies.append(body)
        if body.get("stream"):
            return self._stream("rf_1", 0)
        key = request.headers["idempotency-key"]
        job_id = self.keys.setdefault(key, f"rf_{len(self.keys) + 1}")
        if self.loses_answers:
            self.loses_answers -= 1
            return StreamingResponse(_lost(), headers={"content-length": "1000"})
        document = {"id": job_id, "object": "refinement", "status": "queued", "rounds": [], "created": 0}
        return JSONResponse(document, 202, headers={"Location": f"/refine/{job_id}"})

    async def _show(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if self.refuses:
            self.refuses -= 1
            problem = {
                "title": "Durable refinements are not available",
                "status": 503,
                "detail": "redis: gone",
            }
            return JSONResponse(problem, 503, headers={"retry-after-ms": "20"})
        if job_id not in self.keys.values():
            problem = {"title": "There is nothing here", "status": 404, "detail": f"no refinement {job_id}"}
            return JSONResponse(problem, 404)
        name, data = self.events[-1]
        if job_id in self.cancelled:
            return JSONResponse({"id": job_id, "status": "cancelled", "rounds": []})
        if name == "refinement.completed":
            return JSONResponse(data)
        return JSONResponse(
            {"id": job_id, "status": name.partition(".")[2], "rounds": [], "problem": data.get("problem")}
        )

    async def _cancel(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        self.cancelled.add(job_id)
        return JSONResponse({"id": job_id, "status": "cancelled", "rounds": []}, 202)

    async def _events(self, request: Request) -> Response:
        after = request.headers.get("last-event-id", "0")
        self.resumed_after.append(after)
        return self._stream(request.path_params["id"], int(after))

    def _stream(self, job_id: str, after: int) -> Response:
        return StreamingResponse(self._written(after), media_type="text/event-stream")

    async def _written(self, after: int) -> AsyncGenerator[str, None]:
        breaks_at = self.breaks.pop(0) if self.breaks else None
        for sent, (number, (name, data)) in enumerate(list(enumerate(self.events, start=1))[after:]):
            if sent == breaks_at:
                # What was sent is to arrive before the connection breaks.
                await asyncio.sleep(0.05)
                raise ConnectionResetError
            yield f"id: {number}\r\nevent: {name}\r\n: a comment\r\ndata: {json.dumps(data)}\r\n\r\n"
            if name == "refinement.interrupted":
                return


async def _lost() -> AsyncGenerator[str, None]:
    yield "{"
    raise ConnectionResetError

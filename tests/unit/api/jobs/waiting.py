"""Waiting for a job as a client would."""

import asyncio
from typing import Any

import httpx

Json = dict[str, Any]


async def finished(client: httpx.AsyncClient, job_id: str) -> Json:
    """Ask for a refinement until it has ended."""
    async with asyncio.timeout(20):
        while True:
            document: Json = (await client.get(f"/refine/{job_id}")).json()
            if document["status"] not in {"queued", "in_progress"}:
                return document
            await asyncio.sleep(0.01)


async def with_rounds(client: httpx.AsyncClient, job_id: str, number: int) -> Json:
    """Ask for a refinement until so many of its rounds are finished."""
    async with asyncio.timeout(20):
        while True:
            document: Json = (await client.get(f"/refine/{job_id}")).json()
            if len(document["rounds"]) >= number:
                return document
            await asyncio.sleep(0.01)

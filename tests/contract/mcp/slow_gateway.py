"""A gateway of fakes as a process of its own, whose generator takes its time and says when it writes."""

import asyncio
import sys
from dataclasses import dataclass

import uvicorn

from service.domain.chat import Sampling, TokenUsage
from service.domain.ports import OnText
from service.domain.task import Candidate
from tests.fakes import CORRECT, FakeChatModel, ScriptedGenerator
from tests.unit.api.world import RIGHT, World


@dataclass
class SlowGenerator(ScriptedGenerator):
    """Writes its program after two seconds."""

    async def _write(self, sampling: Sampling, on_text: OnText | None) -> tuple[Candidate, TokenUsage]:
        print("writing", flush=True)  # noqa: T201 - the test waits for it
        await asyncio.sleep(2.0)
        return await super()._write(sampling, on_text)


if __name__ == "__main__":
    world = World(generator=SlowGenerator([RIGHT]), critic=FakeChatModel([CORRECT]))
    uvicorn.run(world.app(), port=int(sys.argv[1]), log_config=None, timeout_graceful_shutdown=30)

"""Two models whose words a test decides, behind real endpoints."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from tests.fakes import CORRECT, INCORRECT
from tests.gateway_process import ALL, RIGHT, WRONG, HeldModel
from tests.openai_server import ChatServer, chat_server, speaking


@dataclass(frozen=True)
class Servers:
    """The endpoints behind the models that are called scripted."""

    generator: ChatServer
    critic: ChatServer


@dataclass(frozen=True)
class Town(Servers):
    """With the gateway before them."""

    url: str


@dataclass(frozen=True)
class Scripted:
    """By default the draft is wrong, the critic says so, and the revision is right; each waits to be let."""

    generator: HeldModel
    critic: HeldModel

    @classmethod
    def on(cls, generator: ChatServer, critic: ChatServer) -> Self:
        made = cls(HeldModel([]), HeldModel([]))
        made.write(WRONG, RIGHT)
        made.judge(lambda prompt: CORRECT if RIGHT in prompt else INCORRECT)
        for server, model in ((generator, made.generator), (critic, made.critic)):
            server.answers.clear()
            server.answer(speaking(model))
        return made

    def write(self, draft: str, revision: str) -> None:
        """Have these programs written: the second to whom is shown the first."""
        self.generator.says = lambda prompt: f"```python\n{revision if draft in prompt else draft}\n```"

    def judge(self, says: Callable[[str], str]) -> None:
        self.critic.says = says

    def let_all(self) -> None:
        self.generator.let(ALL)
        self.critic.let(ALL)


async def scripted_models(exits: AsyncExitStack) -> Servers:
    """Open the endpoints for as long as `exits` lasts."""
    return Servers(
        await exits.enter_async_context(chat_server()), await exits.enter_async_context(chat_server())
    )

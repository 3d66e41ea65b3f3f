"""A server that does as told, and a client that waits for it, or one that hardly does."""

from collections.abc import AsyncGenerator

import pytest
from pydantic import SecretStr

from service.adapters.openai import OpenAIModel
from tests.openai_server import KEY, QUICK, STEADY, ChatServer, chat_server


@pytest.fixture
async def server() -> AsyncGenerator[ChatServer, None]:
    async with chat_server() as server:
        yield server


@pytest.fixture
async def model(server: ChatServer) -> AsyncGenerator[OpenAIModel, None]:
    async with OpenAIModel("gpt", server.base_url, "gpt-4o", SecretStr(KEY), patience=STEADY) as model:
        yield model


@pytest.fixture
async def impatient(server: ChatServer) -> AsyncGenerator[OpenAIModel, None]:
    async with OpenAIModel("gpt", server.base_url, "gpt-4o", SecretStr(KEY), patience=QUICK) as model:
        yield model

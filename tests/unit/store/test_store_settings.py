"""Where durable refinements are kept, as an operator says it."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.adapters.store import MemoryStore, open_store
from service.settings import SettingsError, StoreSection, load_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_without_an_address_the_store_is_this_process_with_its_bounds() -> None:
    async with open_store(StoreSection(max_events=99, lease_s=3)) as store:
        assert isinstance(store, MemoryStore)
        assert (store.bounds.max_events, store.bounds.lease_s) == (99, 3)
        assert not store.shared


async def test_a_redis_that_is_not_there_is_no_reason_not_to_start() -> None:
    async with open_store(StoreSection.model_validate({"url": "redis://127.0.0.1:9/0"})) as store:
        assert (store.name, store.shared) == ("redis", True)


def test_an_address_of_another_kind_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(ValidationError, match="redis://, rediss:// or unix://"):
        StoreSection.model_validate({"url": "http://redis:6379"})


@pytest.mark.parametrize(
    "url",
    ["redis://:hunter2@host:port/0", "redis://host/x?socket_timeout=hunter2", "redis://:hunter2@host/first"],
)
async def test_an_address_that_cannot_be_read_is_refused_without_being_told(url: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match=r"store\.url") as refusal:
            await stack.enter_async_context(open_store(StoreSection.model_validate({"url": url})))

    assert "hunter2" not in str(refusal.value)


def test_a_password_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTRL_STORE__URL", "redis://:hunter2@redis:6379/0")
    monkeypatch.setenv("CTRL_STORE__PASSWORD_ENV", "REDIS_PASSWORD")
    monkeypatch.setenv("REDIS_PASSWORD", "hunter3")

    settings = load_settings()

    password = settings.store.password()
    assert password is not None
    assert password.get_secret_value() == "hunter3"
    assert "hunter" not in repr(settings)


def test_a_password_that_is_not_set_names_its_variable() -> None:
    with pytest.raises(SettingsError, match="REDIS_PASSWORD"):
        StoreSection(password_env="REDIS_PASSWORD").password()

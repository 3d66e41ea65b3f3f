"""Configuration is read once, and a typing error in it is an error."""

import pytest
from pydantic import ValidationError

from sandbox_runner.domain.verdict import Tier
from sandbox_runner.settings import SettingError, Settings


def test_a_variable_with_our_prefix_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_MIN_TIER", "T2")
    monkeypatch.setenv("SANDBOX_CONCURRENCY", "3")

    settings = Settings.from_environment()

    assert settings.min_tier is Tier.T2
    assert settings.concurrency == 3


def test_an_unknown_variable_with_our_prefix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_CONCURRENZY", "3")

    with pytest.raises(SettingError, match="SANDBOX_CONCURRENZY"):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("name", "value"), [("SANDBOX_MIN_TIER", "T9"), ("SANDBOX_MIN_TIER", "T0"), ("SANDBOX_QUEUE_SIZE", "-1")]
)
def test_a_value_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingError, match=f"{name}: .*, found '{value}'"):
        Settings.from_environment()


def test_no_sandbox_at_all_is_not_a_tier_one_can_ask_for() -> None:
    with pytest.raises(ValidationError, match="T1 or more"):
        Settings(min_tier=Tier.T0)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().concurrency = 3


@pytest.mark.parametrize(("cpu_s", "wall_s"), [(0.5, 2.5), (4, 12), (100, 120)])
def test_the_wall_limit_leaves_room_for_load(cpu_s: float, wall_s: float) -> None:
    assert Settings().wall_for(cpu_s) == wall_s


def test_what_sandboxfusions_client_reads_is_no_setting_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_FUSION_ENDPOINT", "http://localhost:8080")
    monkeypatch.setenv("SANDBOX_FUSION_DATASET_ENDPOINT", "http://localhost:8080")

    assert Settings.from_environment() == Settings()

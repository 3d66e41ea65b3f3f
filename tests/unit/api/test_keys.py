"""Keys as they are kept, and a gateway that will not be exposed without them."""

import json
from pathlib import Path

import pytest

from service.adapters.keys import entry_text, new_key, open_keyring
from service.domain.identity import Quota, Role
from service.settings import AuthSection, ServerSection, SettingsError, load_settings
from tests.unit.api.auth_keys import KEYS, auth, entry
from tests.unit.api.world import World, client_of, settings


def test_a_key_is_its_tenants_and_the_quota_is_whichever_of_its_keys_states_it(tmp_path: Path) -> None:
    entries = [
        entry("refine", requests_per_minute=60),
        entry("judge", max_inflight=4),
        entry("metrics", tenant="other"),
    ]

    keyring = open_keyring(settings(auth=auth(tmp_path, *entries)))

    assert keyring is not None
    refine, judge, other = (keyring.holder(KEYS[name]) for name in ("refine", "judge", "metrics"))
    assert refine is not None
    assert judge is not None
    assert other is not None
    assert refine.quota == judge.quota == Quota(requests_per_minute=60, max_inflight=4)
    assert judge.roles == frozenset({Role.JUDGE})
    assert (judge.tenant, judge.key_id) == ("acme", "acme-judge")
    assert other.quota == Quota()
    assert keyring.holder(KEYS["admin"]) is None


@pytest.mark.parametrize("as_json", [True, False])
def test_keys_may_come_from_a_variable(monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    kept = entry("refine")
    document = json.dumps({"keys": [kept.model_dump(mode="json", exclude_none=True)]})
    monkeypatch.setenv("THE_KEYS", document if as_json else entry_text(kept))

    keyring = open_keyring(settings(auth=AuthSection(keys_env="THE_KEYS")))

    assert keyring is not None
    assert keyring.holder(KEYS["refine"]) is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "keys: Field required"),
        ("keys = []", "keys: List should have at least 1"),
        ("[[keys]", "keys.toml: "),
        ("{", "keys.toml: "),
        ('{"a":' * 100_000, "keys.toml: "),
        ('[[keys]]\nid = "a"\nkey = "sk-secret"', "keys.0.sha256"),
        (entry_text(entry("refine")).replace('refine"]', 'root"]'), "keys.0.roles"),
        (entry_text(entry("refine")).replace('sha256 = "', 'sha256 = "xy'), "keys.0.sha256"),
        (entry_text(entry("refine")) + entry_text(entry("refine", id="again")), "one and the same"),
        (entry_text(entry("refine")) + entry_text(entry("judge", id="acme-refine")), "same id"),
        (
            entry_text(entry("refine", max_inflight=1)) + entry_text(entry("judge", max_inflight=2)),
            "two values for max_inflight: 1, 2",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as refused:
        open_keyring(settings(auth=AuthSection(keys=path)))

    assert says in str(refused.value)
    assert "sk-secret" not in str(refused.value)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    for section, says in (
        (AuthSection(keys=tmp_path / "none.toml"), "none.toml"),
        (AuthSection(keys_env="NOT_SET"), "NOT_SET is not set"),
    ):
        with pytest.raises(SettingsError, match=says):
            open_keyring(settings(auth=section))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "gateway.example.org"])
def test_a_gateway_without_keys_does_not_listen_to_the_network(host: str) -> None:
    with pytest.raises(SettingsError, match=r"ctrl keys new .*auth\.keys.*auth\.open = true"):
        open_keyring(settings(server=ServerSection(host=host)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_keys(host: str) -> None:
    section = ServerSection(host=host)

    assert section.is_on_loopback
    assert open_keyring(settings(server=section)) is None


async def test_an_exposed_gateway_does_not_start() -> None:
    with pytest.raises(SettingsError, match="there are no keys"):
        async with client_of(World().app(server=ServerSection(host="0.0.0.0"))):
            pytest.fail("it serves")


async def test_it_starts_with_keys_or_when_told_that_it_may(tmp_path: Path) -> None:
    server = ServerSection(host="0.0.0.0")
    for section, status in ((auth(tmp_path), 401), (AuthSection(open=True), 200)):
        async with client_of(World().app(server=server, auth=section)) as client:
            assert (await client.get("/v1/models")).status_code == status


def test_a_key_file_is_found_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ctrl.toml").write_text('auth.keys = "keys.toml"\n', encoding="utf-8")

    assert load_settings(tmp_path / "ctrl.toml").auth.keys == tmp_path / "keys.toml"


@pytest.mark.parametrize("text", ['keys = "a"\nkeys_env = "B"', 'keys = "a"\nopen = true'])
def test_what_excludes_itself_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ctrl.toml").write_text(f"[auth]\n{text}\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="exclude each other"):
        load_settings(tmp_path / "ctrl.toml")


def test_no_two_keys_are_alike() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith("ctrl_") and len(key) >= 48 for key in keys)

"""A file of keys, one for each part to play, and what is asked with them."""

from collections.abc import Mapping
from pathlib import Path

from service.adapters.keys import KeyEntry, digest_of, entry_text
from service.domain.identity import Role
from service.settings import AuthSection

KEYS = {role.value: f"ctrl_{role.value}-key-with-enough-random-characters" for role in Role}
"""By the one role that each has."""


def entry(name: str, tenant: str = "acme", **fields: object) -> KeyEntry:
    """What is kept of the key that is called after its role."""
    kept = {
        "id": f"{tenant}-{name}",
        "sha256": digest_of(KEYS[name]).hex(),
        "tenant": tenant,
        "roles": [name],
    }
    return KeyEntry.model_validate(kept | fields)


def auth(directory: Path, *entries: KeyEntry, **options: object) -> AuthSection:
    """Configure entries; without any, one of each role."""
    path = directory / "keys.toml"
    path.write_text("\n".join(map(entry_text, entries or [entry(name) for name in KEYS])), encoding="utf-8")
    return AuthSection.model_validate({"keys": path, **options})


def bearer(name: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {KEYS[name]}"}

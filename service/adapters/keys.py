"""API keys, known by their hashes.

SHA-256 without salt or stretching is right here: a key is 32 random bytes, so there is nothing to guess
and no two keys are alike; slow hashes are for passwords, and would cost every request.
"""

import hashlib
import json
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, ValidationError

from service.domain.identity import Identity, Quota, Role
from service.settings import AuthSection, Settings, SettingsError

PREFIX = "ctrl_"
"""Begins every key, so that scanners of repositories find those that leaked."""
KEY_CHARS = 512
"""What is longer is no key, and not hashed."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class KeyEntry(BaseModel):
    """A key as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Name
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
    tenant: Name
    roles: frozenset[Role] = Field(min_length=1)
    requests_per_minute: PositiveInt | None = None
    tokens_per_minute: PositiveInt | None = None
    max_inflight: PositiveInt | None = None

    @property
    def quota(self) -> Quota:
        return Quota(self.requests_per_minute, self.tokens_per_minute, self.max_inflight)


class KeyFile(BaseModel):
    """All of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: list[KeyEntry] = Field(min_length=1, max_length=100_000)


@dataclass(slots=True)
class Keyring:
    """Finds who holds a key."""

    holders: Mapping[bytes, Identity]
    quotas: dict[str, Quota] = field(init=False, default_factory=dict)
    """What each tenant may have: the same dictionary for ever, for whoever counts."""

    def __post_init__(self) -> None:
        self.change(self.holders)

    def change(self, holders: Mapping[bytes, Identity]) -> None:
        """Let these be the keys from now on."""
        self.holders = holders
        self.quotas.clear()
        self.quotas.update({identity.tenant: identity.quota for identity in holders.values()})

    def holder(self, key: str) -> Identity | None:
        """Return whose key it is.

        What is looked up is the key's digest, which nobody without the key can steer: how long that takes
        tells nothing of any key, as comparing the keys themselves would.
        """
        return self.holders.get(digest_of(key)) if len(key) <= KEY_CHARS else None


def digest_of(key: str) -> bytes:
    """Hash a key; what a header holds need not be text."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).digest()


def new_key() -> str:
    """Draw a key."""
    return PREFIX + secrets.token_urlsafe(32)


def open_keyring(settings: Settings) -> Keyring | None:
    """Read the keys; None where nobody is asked for one. Refuse to be exposed by accident."""
    holders = read_holders(settings.auth)
    if holders is not None:
        return Keyring(holders)
    if not settings.auth.open and not settings.server.is_on_loopback:
        raise SettingsError(
            f"server.host is {settings.server.host!r} and there are no keys, so that anyone who reaches this "
            "machine could use it: make one by `ctrl keys new --tenant NAME --role refine --file keys.toml` "
            "and name the file in auth.keys; or set auth.open = true if something else guards the port"
        )
    return None


def read_holders(section: AuthSection) -> dict[bytes, Identity] | None:
    """Read who holds which key, wherever that is written; None where there are to be no keys."""
    text = section.text()
    return None if text is None else open_entries(read_keys(text, str(section.keys or section.keys_env)))


def read_keys(text: str, origin: str) -> list[KeyEntry]:
    """Read the entries of a file, or of a variable that holds one."""
    try:
        return KeyFile.model_validate(_parsed(text)).keys
    except ValidationError as error:
        complaint = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in complaint["loc"])
        raise SettingsError(f"{origin}: {place}: {complaint['msg']}") from None
    except (ValueError, RecursionError) as error:  # a number may be longer than Python makes one of
        raise SettingsError(f"{origin}: {error}") from None


def _parsed(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text.lstrip().startswith("{") else tomllib.loads(text)


def entry_text(entry: KeyEntry) -> str:
    """Write an entry as TOML."""
    fields = entry.model_dump(mode="json", exclude_none=True)
    fields["roles"] = sorted(fields["roles"])
    # JSON's strings, numbers and lists of strings are TOML's too.
    return "[[keys]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def open_entries(entries: list[KeyEntry]) -> dict[bytes, Identity]:
    """Put entries together; refuse those that contradict each other."""
    quotas = _quotas(entries)
    holders: dict[bytes, Identity] = {}
    for entry in entries:
        digest = bytes.fromhex(entry.sha256)
        if digest in holders:
            raise SettingsError(f"the keys {holders[digest].key_id!r} and {entry.id!r} are one and the same")
        holders[digest] = Identity(entry.tenant, entry.roles, entry.id, quotas[entry.tenant])
    if len({entry.id for entry in entries}) < len(entries):
        raise SettingsError("two keys have the same id: give each its own, so that the log tells them apart")
    return holders


def _quotas(entries: list[KeyEntry]) -> dict[str, Quota]:
    """Find each tenant's quota: it is the tenant's, whichever of its keys states it."""
    quotas: dict[str, Quota] = {}
    for entry in entries:
        quota = quotas.setdefault(entry.tenant, Quota())
        for name in ("requests_per_minute", "tokens_per_minute", "max_inflight"):
            stated, known = getattr(entry, name), getattr(quota, name)
            if None not in {stated, known} and stated != known:
                raise SettingsError(f"tenant {entry.tenant!r} has two values for {name}: {known}, {stated}")
            quota = replace(quota, **{name: known if stated is None else stated})
        quotas[entry.tenant] = quota
    return quotas

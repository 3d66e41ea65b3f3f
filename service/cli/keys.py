"""A new key: printed once, kept as its hash."""

import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from pydantic import ValidationError

from service.adapters.keys import KeyEntry, digest_of, entry_text, new_key, open_entries, read_keys
from service.cli.exits import UsageError
from service.domain.identity import Quota, Role
from service.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Wish:
    """What a key is to be."""

    tenant: str
    roles: frozenset[Role]
    id: str | None
    quota: Quota


def make_key(wish: Wish, file: Path | None) -> None:
    """Draw a key, keep its entry, and print it last: nobody gets a key that is not kept."""
    key = new_key()
    entry = _entry(wish, key)
    if file is None:
        typer.echo(entry_text(entry), err=True)
    else:
        _append(entry, file)
    typer.echo(key)


def _entry(wish: Wish, key: str) -> KeyEntry:
    try:
        return KeyEntry(
            id=wish.id or f"{wish.tenant[:50]}-{secrets.token_hex(4)}",
            sha256=digest_of(key).hex(),
            tenant=wish.tenant,
            roles=wish.roles,
            **asdict(wish.quota),
        )
    except ValidationError as error:
        complaint = error.errors(include_input=False, include_url=False)[-1]  # an id is made of the tenant
        raise UsageError(f"--{complaint['loc'][0]}: {complaint['msg']}") from None


def _append(entry: KeyEntry, file: Path) -> None:
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if before.lstrip().startswith("{"):
            raise UsageError(f"{file} is JSON: leave --file out, and add what is printed to it by hand")
        text = "\n".join(part for part in (before, entry_text(entry)) if part)
        open_entries(read_keys(text, str(file)))  # what a gateway would refuse is not written
        _replace(file, text)
    except OSError as error:
        raise UsageError(f"--file: {file}: {error.strerror}") from None
    except (UnicodeDecodeError, SettingsError) as error:
        raise UsageError(f"--file: {error}") from None


def _replace(file: Path, text: str) -> None:
    """Write all of it or nothing; only the owner may read who has keys."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    new = os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    try:
        with new:
            new.write(text)
        if file.exists():
            beside.chmod(file.stat().st_mode & 0o777)
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise

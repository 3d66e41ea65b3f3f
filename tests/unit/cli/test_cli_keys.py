"""`ctrl keys new`: a key is printed once, and kept as its hash."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.adapters.keys import open_keyring
from service.cli.commands import app
from service.domain.identity import Quota, Role
from service.settings import AuthSection
from tests.unit.api.world import settings
from tests.unit.cli.full_disk import SAID, full_disk


def _run(*arguments: str, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["keys", "new", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr


def test_a_new_key_opens_what_it_was_made_for(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"

    first, _ = _run("--tenant", "lab", "--role", "judge", "--role", "refine", "--file", str(file))
    second, _ = _run("--tenant", "shop", "--role", "metrics", "--max-inflight", "4", "--file", str(file))

    keyring = open_keyring(settings(auth=AuthSection(keys=file)))
    assert keyring is not None
    lab, shop = keyring.holder(first), keyring.holder(second)
    assert lab is not None
    assert shop is not None
    assert (lab.tenant, lab.roles) == ("lab", frozenset({Role.JUDGE, Role.REFINE}))
    assert (shop.tenant, shop.quota) == ("shop", Quota(max_inflight=4))


def test_the_file_holds_no_key_and_is_the_owners(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"

    key, _ = _run("--tenant", "lab", "--role", "judge", "--file", str(file))

    assert key not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_file_the_entry_is_printed_beside_the_key() -> None:
    key, entry = _run("--tenant", "lab", "--role", "judge", "--id", "ci")

    assert key.startswith("ctrl_")
    assert '[[keys]]\nid = "ci"' in entry
    assert key not in entry


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tenant", "a b", "--role", "judge"], "--tenant"),
        (["--tenant", "lab", "--role", "root"], "--role"),
        (["--role", "judge"], "--tenant"),
        (["--tenant", "lab", "--role", "judge", "--id", "taken"], "same id"),
        (["--tenant", "lab", "--role", "judge", "--max-inflight", "2"], "two values for max_inflight"),
    ],
)
def test_what_cannot_be_kept_makes_no_key(tmp_path: Path, arguments: list[str], says: str) -> None:
    file = tmp_path / "keys.toml"
    _run("--tenant", "lab", "--role", "refine", "--id", "taken", "--max-inflight", "1", "--file", str(file))
    before = file.read_text(encoding="utf-8")

    printed, complaint = _run(*arguments, "--file", str(file), code=2)

    assert says in complaint
    assert printed == ""
    assert file.read_text(encoding="utf-8") == before


def test_a_full_disk_leaves_the_keys_there_were_and_no_other_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    _run("--tenant", "lab", "--role", "judge", "--file", str(file))
    before = file.read_text(encoding="utf-8")

    with full_disk(len(before) + 10):
        printed, complaint = _run("--tenant", "lab", "--role", "judge", "--file", str(file), code=2)

    assert complaint == f"ctrl: --file: {file}: {SAID}\n"
    assert (printed, file.read_text(encoding="utf-8")) == ("", before)
    assert list(tmp_path.iterdir()) == [file]

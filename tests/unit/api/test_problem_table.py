"""The table of problems in `docs/api.md` has those that the gateway answers with, and no others."""

import re
from pathlib import Path

from service.api.problems import HTTP, TABLE, UNEXPECTED

DOCUMENT = Path("docs/api.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (\d{3}) \| (.*?) \|", re.MULTILINE)
_SLUG = re.compile(r"`/problems/([a-z-]+)`")


def test_every_problem_is_in_the_table_with_its_status() -> None:
    rows = _ROW.findall(DOCUMENT)
    written = {(slug, int(status)) for status, types in rows for slug in _SLUG.findall(types)}
    known = (*HTTP.values(), *TABLE.values(), UNEXPECTED)
    answered = {(row.slug, int(row.status)) for row in known}

    assert written == answered

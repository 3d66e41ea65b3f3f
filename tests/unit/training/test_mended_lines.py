import json
from pathlib import Path

import pytest

from training.tasks.records import mended_lines

LINE = json.dumps({"text": "ends here"}) + "\n"


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\u0085"])
def test_a_text_may_hold_what_unicode_calls_a_line_end(tmp_path: Path, end: str) -> None:
    path, text = tmp_path / "lines.jsonl", f"before{end}after"
    path.write_text(json.dumps({"text": text}, ensure_ascii=False) + "\n", encoding="utf-8")

    assert mended_lines(path) == [{"text": text}]


def test_a_line_torn_within_a_character_is_dropped_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(LINE.encode() + '{"text": "ü'.encode()[:-1])

    assert mended_lines(path) == [{"text": "ends here"}]
    assert path.read_text(encoding="utf-8") == LINE


def test_no_file_holds_no_lines(tmp_path: Path) -> None:
    assert mended_lines(tmp_path / "nowhere.jsonl") == []

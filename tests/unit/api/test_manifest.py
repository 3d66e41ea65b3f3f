"""What weights say of themselves, and which templates are taken."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.adapters.manifest import (
    ManifestError,
    SamplingText,
    TemplateText,
    critic_template,
    find_manifest,
    generator_template,
    read_manifest,
    read_template,
    template_digest,
)
from service.domain.chat import Sampling
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE, PROMPTED_CRITIC_TEMPLATE

MANIFEST: dict[str, Any] = {
    "schema": 1,
    "name": "mini-critic",
    "role": "critic",
    "kind": "full",
    "scope": "mini world only: list pipelines",
    "notice": "mini world only",
    "base": {"name": "mini-base", "sha256": "0" * 64},
    "files": {},
    "template": {
        "id": "mini/critic/1",
        "system": None,
        "critique": "Review {{candidate}}",
        "hint": "{{hint}}",
    },
    "sampling": {"critique": {"temperature": 0.0, "max_tokens": 99}},
    "dataset_sha256": "1" * 64,
    "config": {"steps": 3},
    "commit": "abc",
    "metrics": {"f1": 0.9},
    "created": "2026-01-01T00:00:00Z",
}


def _write(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps(MANIFEST | changes), encoding="utf-8")
    return path


def test_a_manifest_is_read_whole(tmp_path: Path) -> None:
    manifest = read_manifest(_write(tmp_path / "critic.json", extra={"kept": True}))

    assert manifest.model_dump(mode="json", by_alias=True)["extra"] == {"kept": True}
    assert manifest.notice == "mini world only"
    assert find_manifest(tmp_path, None) == tmp_path / "critic.json"
    assert find_manifest(tmp_path, "generator") is None


def test_its_digest_changes_with_anything_it_says(tmp_path: Path) -> None:
    first = read_manifest(_write(tmp_path / "critic.json"))
    second = read_manifest(_write(tmp_path / "critic.json", commit="abd"))

    assert first.digest != second.digest
    assert first.digest == read_manifest(_write(tmp_path / "critic.json")).digest


@pytest.mark.parametrize(
    ("change", "says"),
    [({"schema": 2}, "schema"), ({"role": "judge"}, "role"), ({"template": {"text": "x"}}, "template")],
)
def test_a_manifest_that_cannot_be_understood_is_refused(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(ManifestError, match=says):
        read_manifest(_write(tmp_path / "critic.json", **change))


def test_files_are_compared_with_their_digests(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()

    read_manifest(_write(tmp_path / "critic.json", files={"weights": digest})).verify(tmp_path)

    for files in ({"weights": "0" * 64}, {"missing": digest}, {"../weights": digest}):
        with pytest.raises(ManifestError):
            read_manifest(_write(tmp_path / "critic.json", files=files)).verify(tmp_path)


def test_a_template_with_text_is_used_as_it_is() -> None:
    template = critic_template(TemplateText.model_validate(MANIFEST["template"]))

    assert (template.id, template.critique) == ("mini/critic/1", "Review {{candidate}}")
    assert template_digest(template) != template_digest(CRITIC_TEMPLATE)


def test_a_known_id_needs_no_text() -> None:
    assert critic_template(TemplateText(id=CRITIC_TEMPLATE.id)) is CRITIC_TEMPLATE
    assert generator_template(TemplateText(id=GENERATOR_TEMPLATE.id)) is GENERATOR_TEMPLATE
    assert critic_template(None) is CRITIC_TEMPLATE


def test_an_unknown_id_without_text_is_refused() -> None:
    with pytest.raises(ManifestError, match="unknown here and brings no text"):
        critic_template(TemplateText(id="someone/else/7"))
    with pytest.raises(ManifestError, match="propose and revise"):
        generator_template(TemplateText(id="someone/else/7", propose="only half"))


def test_a_template_file_is_toml_or_json(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text('id = "t/1"\ncritique = "c"\nhint = "h"\n', encoding="utf-8")
    (tmp_path / "t.json").write_text('{"id": "t/1", "critique": "c", "hint": "h"}', encoding="utf-8")
    (tmp_path / "bad.toml").write_text("id = ", encoding="utf-8")

    assert read_template(tmp_path / "t.toml") == read_template(tmp_path / "t.json")
    for bad in ("bad.toml", "none.toml"):
        with pytest.raises(ManifestError, match=bad):
            read_template(tmp_path / bad)


def test_sampling_fills_what_is_not_said() -> None:
    merged = SamplingText(temperature=0.0).onto(Sampling(temperature=0.7, top_p=0.8, max_tokens=5))

    assert (merged.temperature, merged.top_p, merged.max_tokens) == (0.0, 0.8, 5)


def test_the_wording_that_critics_were_trained_with_keeps_its_digest() -> None:
    assert template_digest(CRITIC_TEMPLATE) == "bf2c5da49b68"
    assert template_digest(PROMPTED_CRITIC_TEMPLATE) != template_digest(
        replace(PROMPTED_CRITIC_TEMPLATE, compare=None)
    )


def test_the_template_for_prompted_critics_is_named_by_a_file() -> None:
    text = read_template(Path("configs/templates/prompted-critic.toml"))

    assert critic_template(text) is PROMPTED_CRITIC_TEMPLATE


def test_a_template_of_ones_own_may_have_a_wording_for_comparisons() -> None:
    text = TemplateText(id="mine/1", critique="c", hint="h", compare="{{first}} or {{second}}?")

    assert critic_template(text).compare == "{{first}} or {{second}}?"

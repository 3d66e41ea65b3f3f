"""Generation through an OpenAI-compatible endpoint, with the shipped generator behind it."""

import json
from pathlib import Path

import pytest

from service.domain.chat import Message, Sampling
from service.domain.errors import ModelError
from tests.model_endpoint import served
from training.config import EndpointConfig
from training.writing.endpoint import EndpointWriter

SHIPPED = Path("weights/mini/generator")
PROMPTS = [
    [Message("user", f"Given a list of numbers: add {n} to each number. Give the sum.")] for n in (2, 3, 2)
]
SAMPLED = Sampling(temperature=1.0, max_tokens=12, seed=5)


def endpoint(url: str) -> EndpointConfig:
    return EndpointConfig(base_url=url, model="generator", concurrency=2)


def test_what_was_written_before_a_kill_is_not_asked_again(tmp_path: Path) -> None:
    journal = tmp_path / "completions.jsonl"
    with served(SHIPPED) as url:
        first = EndpointWriter(endpoint(url), journal).write(PROMPTS, SAMPLED, "drafts")
    lines = journal.read_text(encoding="utf-8").splitlines()
    torn = lines[1][: len(lines[1]) // 2]
    journal.write_text("\n".join([lines[0], *lines[2:], torn]), encoding="utf-8")

    with served(SHIPPED) as url:
        again = EndpointWriter(endpoint(url), journal).write(PROMPTS, SAMPLED, "drafts")

    assert [c.text for c in again] == [c.text for c in first]
    assert len(lines) == 3
    assert len([json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]) == 3


def test_a_complete_journal_needs_no_endpoint(tmp_path: Path) -> None:
    journal = tmp_path / "completions.jsonl"
    with served(SHIPPED) as url:
        first = EndpointWriter(endpoint(url), journal).write(PROMPTS, SAMPLED, "drafts")

    assert (
        EndpointWriter(endpoint("http://127.0.0.1:9/v1"), journal).write(PROMPTS, SAMPLED, "drafts") == first
    )


def test_equal_prompts_are_sampled_with_different_seeds(tmp_path: Path) -> None:
    with served(SHIPPED) as url:
        EndpointWriter(endpoint(url), tmp_path / "a.jsonl").write([PROMPTS[0]] * 6, SAMPLED, "drafts")

    keys = {
        json.loads(line)["key"] for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    }
    assert len(keys) == 6


def test_an_endpoint_that_is_down_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="endpoint"):
        EndpointWriter(endpoint("http://127.0.0.1:9/v1"), tmp_path / "a.jsonl").write(
            PROMPTS, SAMPLED, "drafts"
        )

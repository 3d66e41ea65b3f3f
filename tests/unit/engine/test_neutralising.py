"""Special tokens that a message spells reach no model as tokens, and other text goes as it is."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.embedded.text import Text, load_text
from service.adapters.openai.dialect import Dialect
from service.adapters.openai.neutral import neutralised
from service.domain.chat import Message, Sampling
from service.domain.critique import Judgment
from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE
from tests.fakes import critique_of
from tests.injections import CANDIDATES, MASTER_KEYS, SPEAKING, TOKENS

SHIPPED = Path("weights/mini/critic")
TASK = Task("Add one.", "f")
SPELLED = re.compile(
    r"<\|[^|<>\s]{1,64}\|>|<\uff5c[^\uff5c<>\s]{1,64}\uff5c>|</?s>|<(?:bos|eos|pad|unk|sop|eop)>"
    r"|<(?:start|end)_of_turn>|<</?SYS>>|\[/?INST\]|\[gMASK\]|<fim_\w+>"
    r"|<\|[^|<>\s]{1,64}>|<[a-z_]{1,64}\|>|</?(?:seed:|ifm\|)\w+>|\[/?THINK\]|\]~!?b[\[\]]|\[e~\["
)


def _sent(messages: list[Message]) -> list[str]:
    body = Dialect("any").payload(messages, Sampling())
    return [message["content"] for message in json.loads(json.dumps(body["messages"]))]


@pytest.mark.parametrize("code", CANDIDATES.values(), ids=CANDIDATES)
def test_no_token_that_a_candidate_spells_is_sent_whole(code: str) -> None:
    for content in _sent(CRITIC_TEMPLATE.request(TASK, Candidate(code))):
        assert not SPELLED.search(content)


@pytest.mark.parametrize("code", TOKENS.values(), ids=TOKENS)
def test_nothing_is_lost_of_what_is_broken(code: str) -> None:
    assert neutralised(code) != code
    assert neutralised(code).replace(" ", "") == code.replace(" ", "")


@given(st.text(alphabet="<|>im_end[]/INSTs~b!:\uff5c \n", max_size=60))
def test_what_is_broken_once_stays_broken(text: str) -> None:
    once = neutralised(text)

    assert not SPELLED.search(once)
    assert neutralised(once) == once


@pytest.mark.parametrize("code", SPEAKING.values(), ids=SPEAKING)
def test_text_without_tokens_is_sent_byte_for_byte(code: str) -> None:
    messages = CRITIC_TEMPLATE.request(TASK, Candidate(code))

    assert _sent(messages) == [message.content for message in messages]


def test_the_prompts_that_critic_and_generator_were_trained_on_are_sent_byte_for_byte() -> None:
    rows = [json.loads(line) for line in Path("weights/mini/demo.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        task, candidate = Task(row["problem"], row["entry_point"]), Candidate(row["reference"])
        messages = [
            *CRITIC_TEMPLATE.request(task, candidate),
            *GENERATOR_TEMPLATE.revision(task, candidate, critique_of(Judgment.INCORRECT)),
        ]
        assert _sent(messages) == [message.content for message in messages]
    assert rows


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > c",
        "x <| f |> y",
        "a[INSTANCE] and [inst]",
        "<span>bold</span> <section>",
        "List<String> <string>",
        "if a<|b|: print('|>')",
        "<| a b |>",
        "Promise<string|null> a<b|c>d",
        "xs[e] ~[e] a[~b] x]~b",
        "1 << 3 >> 2",
        "\u4f60\u597d <\uff5c>",
        "<think>hm</think>",
    ],
)
def test_text_that_only_looks_like_tokens_is_left_alone(text: str) -> None:
    assert neutralised(text) == text


@pytest.fixture(scope="module")
def mini() -> Text:
    return load_text(SHIPPED)


@pytest.mark.parametrize("code", [*CANDIDATES.values(), *MASTER_KEYS])
def test_the_embedded_engine_reads_a_candidates_tokens_as_text(mini: Text, code: str) -> None:
    plain = mini.prompt(CRITIC_TEMPLATE.request(TASK, Candidate("print(1)")), 100_000)
    special = {token for token in set(plain) if mini.decode([token]) == ""}

    tokens = mini.prompt(CRITIC_TEMPLATE.request(TASK, Candidate(code)), 100_000)

    assert {token: tokens.count(token) for token in special} == {
        token: plain.count(token) for token in special
    }

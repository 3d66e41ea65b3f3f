"""A prompt quotes what it is given and says nothing of its own accord."""

import pytest

from service.domain.critique import Judgment
from service.domain.errors import UnknownModelError
from service.domain.task import Candidate, Task
from service.domain.templates import (
    CRITIC_TEMPLATE,
    GENERATOR_TEMPLATE,
    GeneratorTemplate,
    fenced,
    fill,
    interface,
)
from tests.fakes import INCORRECT, critique_of

TASK = Task("Add one to a number.")
CANDIDATE = Candidate("print(1)", "Sure! ```python\nprint(1)\n```")


def test_filling_is_one_pass() -> None:
    assert fill("{{a}} {{b}} {{c}}", {"a": "{{b}}", "b": "{{a}}"}) == "{{b}} {{a}} {{c}}"


@pytest.mark.parametrize(("code", "fence"), [("x", "```"), ("'```'", "````"), ("'`````'", "``````")])
def test_a_fence_is_longer_than_any_it_holds(code: str, fence: str) -> None:
    assert fenced(code) == f"{fence}python\n{code}\n{fence}"


def test_the_interface_is_standard_input_or_a_function() -> None:
    assert "standard input" in interface(TASK)
    assert "named add" in interface(Task("Add.", entry_point="add"))


def test_a_proposal_states_the_problem() -> None:
    (message,) = GENERATOR_TEMPLATE.proposal(TASK)

    assert "<problem>\nAdd one to a number.\n</problem>" in message.content


def test_a_system_message_comes_first() -> None:
    template = GeneratorTemplate("x", propose="{{problem}}", revise="{{critique}}", system="Be brief.")

    assert [message.role for message in template.proposal(TASK)] == ["system", "user"]


def test_a_revision_shows_the_code_alone_and_its_latest_critique() -> None:
    messages = GENERATOR_TEMPLATE.revision(TASK, CANDIDATE, critique_of(Judgment.INCORRECT))

    assert [message.role for message in messages] == ["user", "assistant", "user"]
    assert messages[1].content == "```python\nprint(1)\n```"
    assert messages[2].content.startswith(INCORRECT)


def test_the_critic_sees_the_problem_and_the_code_alone() -> None:
    (message,) = CRITIC_TEMPLATE.request(TASK, CANDIDATE)

    assert "print(1)" in message.content
    assert "Sure!" not in message.content
    assert "hint" not in message.content


def test_a_hint_comes_last_so_that_the_rest_is_shared() -> None:
    (blind,) = CRITIC_TEMPLATE.request(TASK, CANDIDATE)
    (hinted,) = CRITIC_TEMPLATE.request(TASK, CANDIDATE, "The program fails a test.")

    assert hinted.content.startswith(blind.content)
    assert "<hint>\nThe program fails a test.\n</hint>" in hinted.content


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    error = UnknownModelError("critic", "gpt", ["tiny", "big"])

    assert (error.field, str(error)) == ("critic", "unknown model 'gpt'; configured models: big, tiny")

import random

import pytest

from service.domain.templates import fenced
from training.base.corpus import Example, Mix, Noise, make_example

REVISE = Mix(write=0, revise=1, blind=0, hinted=0)
BLIND = Mix(write=0, revise=0, blind=1, hinted=0)


def draw(mix: Mix, noise: Noise, count: int = 800) -> list[Example]:
    rng = random.Random(5)
    return [make_example(rng, mix, noise) for _ in range(count)]


@pytest.mark.parametrize("mix", [REVISE, BLIND])
def test_what_is_learnt_of_a_prompt_stands_in_it_once(mix: Mix) -> None:
    for example in draw(mix, Noise(), 200):
        prompt = "\n".join(message.content for message in example.messages)
        assert all(prompt.count(passage) == 1 for passage in example.also)


def test_a_clean_corpus_learns_no_draft_that_the_revision_changes() -> None:
    examples = draw(
        REVISE, Noise(slipped_programs=0, poor_critiques=0, right_drafts=0.4, poor_in_revisions=0)
    )
    drafts = [(e, p) for e in examples for p in e.also if p.startswith("```")]

    assert drafts
    assert all(example.completion == draft for example, draft in drafts)


def test_of_the_drafts_learnt_as_many_are_slipped_as_of_the_programs_written() -> None:
    examples = draw(REVISE, Noise(slipped_programs=0.45, right_drafts=0.7, poor_in_revisions=0))
    learnt = [e for e in examples if fenced_draft(e) in e.also]

    assert sum(e.completion != fenced_draft(e) for e in learnt) / len(learnt) == pytest.approx(0.45, abs=0.08)


def fenced_draft(example: Example) -> str:
    """The draft as a revision's prompt quotes it."""
    quoted = next(m.content for m in example.messages if m.role == "assistant")
    assert quoted == fenced(quoted.removeprefix("```python\n").removesuffix("\n```"))
    return quoted

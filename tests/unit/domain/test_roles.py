"""A chat model plays the generator, the critic and the judge."""

import math

import msgspec
import pytest

from service.adapters.openai.answer import Tokens
from service.domain.chat import Sampling, TokenLogprob, TokenUsage
from service.domain.critique import Judgment, Parsed
from service.domain.errors import CriticError, GeneratorError, ModelError
from service.domain.judging import judge_candidate
from service.domain.ports import OnText
from service.domain.roles import NOTHING_TO_REVIEW, ChatCritic, ChatGenerator
from service.domain.scoring import Votes
from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, critique_of, ignore

TASK = Task("Add one to a number.")
CANDIDATE = Candidate("print(int(input()) + 1)")
SAMPLING = Sampling(temperature=0.7, seed=3)
LOGPROBS = (TokenLogprob("Correct", math.log(0.8), {"Incorrect": math.log(0.2)}),)


async def test_the_generator_extracts_the_program_and_keeps_the_completion() -> None:
    model = FakeChatModel(["```py\nx = 1\n```"])

    candidate, usage = await ChatGenerator(model).propose(TASK, SAMPLING, ignore)

    assert candidate == Candidate("x = 1", "```py\nx = 1\n```")
    assert usage == TokenUsage(7, 3, 5)


async def test_the_generator_asks_as_its_template_says() -> None:
    model = FakeChatModel(["x = 1"])

    await ChatGenerator(model).propose(TASK, SAMPLING, ignore)

    assert model.conversations == [GENERATOR_TEMPLATE.proposal(TASK)]
    assert model.samplings == [SAMPLING]


async def test_a_revision_is_asked_for_with_the_critique() -> None:
    model = FakeChatModel(["x = 1"])
    critique = critique_of(Judgment.INCORRECT)

    candidate, _ = await ChatGenerator(model).revise(TASK, CANDIDATE, critique, SAMPLING, ignore)

    assert candidate.code == "x = 1"
    assert model.conversations == [GENERATOR_TEMPLATE.revision(TASK, CANDIDATE, critique)]


async def test_text_is_passed_on_as_it_is_written() -> None:
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(text)

    await ChatGenerator(FakeChatModel(["x = 1\ny = 2\n"])).propose(TASK, SAMPLING, OnText(hear))

    assert heard == ["x = 1\n", "y = 2\n"]


async def test_a_text_that_is_not_read_along_is_asked_for_whole_and_told_whole() -> None:
    model, heard = FakeChatModel(["x = 1\ny = 2\n"]), list[str]()

    async def hear(text: str) -> None:
        heard.append(text)

    await ChatGenerator(model).propose(TASK, SAMPLING, OnText(hear, along=False))

    assert heard == ["x = 1\ny = 2\n"]
    assert model.streams_begun == 0


async def test_where_nobody_hears_the_completion_is_asked_for_whole() -> None:
    model = FakeChatModel(["x = 1\ny = 2\n"])

    whole, usage = await ChatGenerator(model).propose(TASK, SAMPLING, None)

    assert model.streams_begun == 0
    assert (whole, usage) == await ChatGenerator(model).propose(TASK, SAMPLING, ignore)
    assert model.streams_begun == 1


async def test_the_stream_is_closed_when_the_listener_fails() -> None:
    model = FakeChatModel(["x = 1\ny = 2\n"])

    async def fail(text: str) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await ChatGenerator(model).propose(TASK, SAMPLING, OnText(fail))
    assert model.streams_open == 0


@pytest.mark.parametrize(
    "model",
    [FakeChatModel(["x"], fault=ModelError("fake: refused")), FakeChatModel(["x"], ends_early=True)],
    ids=["refused", "ended early"],
)
async def test_a_failing_model_is_a_failing_generator(model: FakeChatModel) -> None:
    with pytest.raises(GeneratorError, match="fake: "):
        await ChatGenerator(model).propose(TASK, SAMPLING, ignore)


@pytest.mark.parametrize("votes", [1, 2])
async def test_a_failing_model_is_a_failing_critic(votes: int) -> None:
    critic = ChatCritic(FakeChatModel(["x"], fault=ModelError("fake: refused")), votes=votes)

    with pytest.raises(CriticError, match="fake: refused"):
        await critic.critique(TASK, CANDIDATE, None, SAMPLING, ignore)


@pytest.mark.parametrize("votes", [1, 2])
async def test_logprobs_that_turn_out_unreadable_are_a_failing_critic(votes: int) -> None:
    model = FakeChatModel([CORRECT], logprobs=Tokens([msgspec.Raw(b'{"token": "Correct", "logprob": null}')]))

    with pytest.raises(CriticError, match="logprobs"):
        await ChatCritic(model, votes=votes).critique(TASK, CANDIDATE, None, SAMPLING, ignore)


async def test_the_critic_asks_for_logprobs_and_scores_by_them() -> None:
    model = FakeChatModel([CORRECT], logprobs=LOGPROBS)

    critique, usage = await ChatCritic(model).critique(TASK, CANDIDATE, None, SAMPLING, ignore)

    assert critique.judgment is Judgment.CORRECT
    assert critique.score == pytest.approx(0.8)
    assert [sampling.logprobs for sampling in model.samplings] == [5]
    assert usage.completion_tokens > 0


async def test_the_critic_is_blind_unless_it_is_given_a_hint() -> None:
    model = FakeChatModel([INCORRECT])
    critic = ChatCritic(model)

    await critic.critique(TASK, CANDIDATE, None, SAMPLING, ignore)
    await critic.critique(TASK, CANDIDATE, "The program fails a test.", SAMPLING, ignore)

    assert model.conversations == [
        CRITIC_TEMPLATE.request(TASK, CANDIDATE),
        CRITIC_TEMPLATE.request(TASK, CANDIDATE, "The program fails a test."),
    ]


async def test_a_critique_that_ran_out_of_tokens_judges_nothing() -> None:
    critic = ChatCritic(FakeChatModel([CORRECT], finish_reason="length", logprobs=LOGPROBS))

    critique, _ = await critic.critique(TASK, CANDIDATE, None, SAMPLING, ignore)

    assert (critique.judgment, critique.parsed, critique.score) == (None, Parsed.NONE, None)


async def test_an_empty_candidate_never_reaches_the_critic() -> None:
    model = FakeChatModel([CORRECT])

    critique, usage = await ChatCritic(model).critique(TASK, Candidate(" \n"), None, SAMPLING, ignore)

    assert (critique.judgment, critique.score) == (Judgment.INCORRECT, 0.0)
    assert critique.parsed is Parsed.STRICT
    assert (model.answers, usage) == (0, TokenUsage())


async def test_several_votes_give_one_critique_that_the_majority_shares() -> None:
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(text)

    critic = ChatCritic(FakeChatModel([CORRECT, INCORRECT, INCORRECT]), votes=3)

    critique, usage = await critic.critique(TASK, CANDIDATE, None, SAMPLING, OnText(hear))

    assert critique.text == INCORRECT
    assert critique.score == pytest.approx(1 / 3)
    assert usage.prompt_tokens == 21
    assert heard == [INCORRECT]


async def test_a_judge_counts_the_votes() -> None:
    critic = ChatCritic(FakeChatModel([INCORRECT, CORRECT, CORRECT, "I cannot say."]))

    opinion = await judge_candidate(critic, TASK, CANDIDATE, SAMPLING, votes=4)

    assert opinion.votes == Votes(2, 1, 1)
    assert opinion.votes.judgment is Judgment.INCORRECT
    assert opinion.critique.text == INCORRECT
    assert opinion.usage.prompt_tokens == 28


async def test_a_judge_whose_votes_cannot_be_read_abstains() -> None:
    opinion = await judge_candidate(ChatCritic(FakeChatModel(["Hm."])), TASK, CANDIDATE, SAMPLING)

    assert (opinion.votes.judgment, opinion.critique.score) == (None, None)


async def test_a_judge_does_not_ask_about_an_empty_candidate() -> None:
    model = FakeChatModel([CORRECT])

    opinion = await judge_candidate(ChatCritic(model), TASK, Candidate(""), SAMPLING, votes=3)

    assert (opinion.votes, opinion.critique) == (Votes(0, 3, 0), NOTHING_TO_REVIEW)
    assert model.answers == 0


async def test_a_model_that_gives_no_votes_is_a_failing_critic() -> None:
    with pytest.raises(CriticError, match="no completions"):
        await judge_candidate(ChatCritic(FakeChatModel([CORRECT])), TASK, CANDIDATE, SAMPLING, votes=0)

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, TemperatureLogitsWarper, TopPLogitsWarper

from service.domain.chat import Sampling
from training.writing.decoding import chosen, decode

GREEDY = Sampling(temperature=0.0)
SAMPLED = Sampling(temperature=1.0, top_p=0.9)
PROMPTS = [[5, 6, 7], [8], [9, 10, 11, 12, 13], [5, 6, 7], [14, 15]]


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
    )
    model = LlamaForCausalLM(config)
    model.eval()
    return model


def draws(rows: int, tokens: int) -> torch.Tensor:
    return torch.rand(rows, tokens, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def rows_read(model: LlamaForCausalLM, shapes: list[tuple[int, int]]) -> torch.utils.hooks.RemovableHandle:
    def note(_module: torch.nn.Module, _args: object, kwargs: dict[str, torch.Tensor]) -> None:
        rows, tokens = kwargs["input_ids"].shape
        shapes.append((rows, tokens))

    return model.register_forward_pre_hook(note, with_kwargs=True)


def test_the_likeliest_tokens_are_those_that_transformers_writes(model: LlamaForCausalLM) -> None:
    written = decode(model, PROMPTS, draws(5, 100), GREEDY, {1})

    transformers: Any = model
    for prompt, tokens in zip(PROMPTS, written, strict=True):
        with torch.inference_mode():
            whole = transformers.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=100)
        assert tokens == whole[0, len(prompt) :].tolist()


def test_what_a_row_writes_depends_on_its_own_draws_alone(model: LlamaForCausalLM) -> None:
    several = draws(5, 60)

    together = decode(model, PROMPTS, several, SAMPLED, {1, 2, 3})
    alone = [
        decode(model, [prompt], several[i : i + 1], SAMPLED, {1, 2, 3})[0] for i, prompt in enumerate(PROMPTS)
    ]

    assert together == alone
    assert together[0] != together[3]
    assert len({len(tokens) for tokens in together}) > 2


def test_a_row_ends_with_the_first_end_token_or_at_the_most_tokens(model: LlamaForCausalLM) -> None:
    for tokens in decode(model, PROMPTS * 10, draws(50, 30), SAMPLED, {1, 2, 3}):
        assert not {1, 2, 3} & set(tokens[:-1])
        assert tokens[-1] in {1, 2, 3} or len(tokens) == 30


def test_equal_prompts_are_read_once_and_rows_that_ended_leave(model: LlamaForCausalLM) -> None:
    shapes: list[tuple[int, int]] = []
    handle = rows_read(model, shapes)

    written = decode(model, PROMPTS * 10, draws(50, 60), SAMPLED, {1, 2, 3})
    handle.remove()

    assert shapes[0] == (4, 5)
    assert shapes[1] == (50, 1)
    longest = max(map(len, written))
    assert len(shapes) == longest
    assert sum(rows for rows, _ in shapes[1:]) < 0.7 * 50 * longest


def test_draws_spread_evenly_find_each_token_as_often_as_it_is_likely() -> None:
    likelihood = torch.tensor([0.5, 0.0, 0.3, 0.2])
    even = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    tokens = chosen(likelihood.log().expand(1000, 4), even, Sampling(temperature=1.0))

    assert torch.bincount(tokens, minlength=4).tolist() == [500, 0, 300, 200]


def test_top_p_keeps_the_token_that_crosses_the_border_and_no_more() -> None:
    likelihood = torch.tensor([0.1, 0.5, 0.3, 0.1])
    even = (torch.arange(800, dtype=torch.float64) + 0.5) / 800

    tokens = chosen(likelihood.log().expand(800, 4), even, Sampling(temperature=1.0, top_p=0.6))

    assert torch.bincount(tokens, minlength=4).tolist() == [0, 500, 300, 0]


@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_the_distribution_is_that_of_transformers(spread: float) -> None:
    logits = spread * torch.randn(1, 300, generator=torch.Generator().manual_seed(2))
    warped = TopPLogitsWarper(0.8)(
        torch.tensor([[0]]), TemperatureLogitsWarper(0.7)(torch.tensor([[0]]), logits)
    )
    even = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000

    tokens = chosen(logits.expand(20_000, 300), even, Sampling(temperature=0.7, top_p=0.8))

    found = torch.bincount(tokens, minlength=300) / 20_000
    assert torch.allclose(found, warped.softmax(-1)[0], atol=1e-4)
    assert torch.equal(found > 0, warped[0] > -torch.inf)


def test_a_nucleus_may_be_wide() -> None:
    even = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    tokens = chosen(torch.zeros(1000, 200), even, Sampling(temperature=1.0, top_p=0.8))

    assert len(set(tokens.tolist())) == pytest.approx(160, abs=1)


@pytest.mark.parametrize("draw", [0.0, 1.0 - 2**-53])
def test_an_impossible_token_is_never_chosen(draw: float) -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf]])

    for sampling in (Sampling(temperature=1.0), SAMPLED):
        assert chosen(logits, torch.tensor([draw], dtype=torch.float64), sampling).tolist() == [1]


def test_temperature_sharpens() -> None:
    logits = torch.tensor([0.8, 0.2]).log().expand(1000, 2)
    even = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000

    tokens = chosen(logits, even, Sampling(temperature=0.5))

    assert torch.bincount(tokens).tolist() == pytest.approx([941, 59], abs=1)

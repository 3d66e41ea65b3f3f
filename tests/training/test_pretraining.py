"""Pretraining from nothing, at its smallest."""

# ruff: noqa: PLC0415 - torch is slow to load: each test imports what it needs
import random
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from training.config import load_config
from training.run import StageError

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]
SEED = 7
SIZE, CONFIG = load_config(Path("configs/smoke.toml")).scratch


@cache
def tokenizer_of_all() -> "PreTrainedTokenizerBase":
    from training.base.tokenizer import train_tokenizer

    return train_tokenizer(SIZE.vocabulary, SEED)


def start() -> "tuple[LlamaForCausalLM, PreTrainedTokenizerBase]":
    from training.base.pretrain import new_model

    return new_model(SIZE, tokenizer_of_all(), SEED), tokenizer_of_all()


def test_only_the_named_passages_and_the_completion_are_learnt() -> None:
    from training.base.corpus import Mix, Noise, make_example
    from training.base.rows import IGNORED, encode
    from training.base.tokenizer import fixed_wording

    tokenizer = tokenizer_of_all()
    rng = random.Random(1)
    for _ in range(50):
        example = make_example(rng, Mix(1, 3, 1, 1), Noise())
        ids, labels = encode(tokenizer, example)

        learnt = tokenizer.decode([token for token in labels if token != IGNORED])
        assert isinstance(learnt, str)
        assert all(passage in learnt for passage in example.also)
        assert learnt.endswith(f"{example.completion}<|end|>")
        assert len(learnt) == len(f"{''.join(example.also)}{example.completion}<|end|>")
        assert len(ids) == len(labels)
    assert all(len(tokenizer.encode(passage)) == 1 for passage in fixed_wording())


def test_it_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    from training.base.pretrain import pretrain

    model, tokenizer = start()
    whole = pretrain(model, CONFIG, tokenizer, SEED, tmp_path / "whole").state_dict()
    shutil.copytree(tmp_path / "whole" / "checkpoint-2", tmp_path / "killed" / "checkpoint-2")

    resumed = pretrain(start()[0], CONFIG, tokenizer, SEED, tmp_path / "killed").state_dict()

    for name, tensor in whole.items():
        assert tensor.equal(resumed[name]), name


@pytest.mark.parametrize("in_fp32", [False, True])
def test_packed_examples_do_not_see_each_other(in_fp32: bool) -> None:
    import torch

    from training.base.attention import attend_in_fp32
    from training.base.pretrain import hidden_states
    from training.base.rows import PackedCorpus, collate

    model, tokenizer = start()
    if in_fp32:
        attend_in_fp32(model)
    row = collate([PackedCorpus(tokenizer, CONFIG, SEED)[0][:1]])
    second = (row["position_ids"][0] == 0).nonzero()[1].item()

    with torch.no_grad():
        packed = hidden_states(model.eval(), row)[0, second:]
        alone = hidden_states(model, {name: tensor[:, second:] for name, tensor in row.items()})[0]

    assert torch.allclose(packed, alone, atol=1e-4)


def test_the_loss_is_of_what_is_to_be_learnt_and_its_products_come_in_few_sizes() -> None:
    """A product of a size not met before costs time and memory, which is never given back."""
    import torch

    from training.base.pretrain import learnt_loss
    from training.base.rows import PackedCorpus, collate

    model, tokenizer = start()
    sizes = set()
    model.lm_head.register_forward_pre_hook(lambda _, inputs: sizes.add(len(inputs[0])))
    corpus = PackedCorpus(tokenizer, CONFIG, SEED)
    for number in range(4):
        batch = collate([corpus[number]])
        row = {name: tensor[:1] for name, tensor in batch.items()}
        expected = model(
            row["input_ids"], position_ids=row["position_ids"], labels=row["labels"], use_cache=False
        )
        sizes.clear()
        assert torch.allclose(learnt_loss(model, row, half=False), expected.loss, atol=1e-5)
        assert {size % 64 for size in sizes} == {0}


def test_attention_leaves_autocast_alone_in_fp32_and_no_saved_model_says_so(tmp_path: Path) -> None:
    import torch

    from training.base.attention import attend_in_fp32
    from training.base.pretrain import hidden_states
    from training.base.rows import PackedCorpus, collate

    model, tokenizer = start()
    row = collate([PackedCorpus(tokenizer, CONFIG, SEED)[0]])
    attended: list[torch.dtype] = []
    projection = model.get_submodule("model.layers.0.self_attn.o_proj")
    projection.register_forward_pre_hook(lambda _, inputs: attended.append(inputs[0].dtype))

    exact = hidden_states(model, row)
    with torch.autocast("cpu", torch.bfloat16):
        half = hidden_states(model, row)
        attend_in_fp32(model)
        mixed = hidden_states(model, row)

    assert attended == [torch.float32, torch.bfloat16, torch.float32]
    assert (mixed - exact).abs().mean() <= (half - exact).abs().mean() < 0.01
    model.save_pretrained(tmp_path)
    assert "sdpa" not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_a_grown_model_computes_what_the_small_one_does() -> None:
    import torch

    from training.base.growth import grown
    from training.base.pretrain import new_model

    model, tokenizer = start()
    small = model.eval()
    deeper = SIZE.model_copy(update={"layers": SIZE.layers + 2})
    wider = SIZE.model_copy(update={"hidden": 2 * SIZE.hidden})
    large = grown(small, new_model(deeper, tokenizer, 2)).eval()
    ids = torch.tensor([[5, 6, 7, 8]])

    with torch.no_grad():
        assert torch.equal(small(ids).logits, large(ids).logits)
    with pytest.raises(StageError, match="as wide as the main model"):
        grown(small, new_model(wider, tokenizer, 2))

"""Saving a model so that every loader reads the tokenizer that it was trained with."""

from pathlib import Path

from transformers import AutoTokenizer, GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

_PROBE = [
    {"role": "user", "content": "Given a list of numbers: add 3 to each number. Give the sum.\n\n\tü 42"},
    {"role": "assistant", "content": "```python\ndef solve(xs):\n    return sum(xs)\n```"},
]


class TokenizerChangedError(RuntimeError):
    """A loader gives back another tokenizer than the one saved; such weights would be worthless."""


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, path: Path) -> None:
    """Save weights and tokenizer in the HF layout, and prove that the tokenizer survives loading."""
    path.mkdir(parents=True, exist_ok=True)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=False
    )
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    check_tokenizer(tokenizer, path)


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, path: Path) -> None:
    """Prove that the tokenizer saved at `path` is the one given; raises `TokenizerChangedError`."""
    loaded = AutoTokenizer.from_pretrained(path)
    for role in ("user", "assistant"):
        turns = [turn for turn in _PROBE if turn["role"] in (role, "user")]
        before = tokenizer.encode(tokenizer.apply_chat_template(turns, tokenize=False))
        after = loaded.encode(loaded.apply_chat_template(turns, tokenize=False))
        if before != after:
            raise TokenizerChangedError(
                f"{path}: {len(before)} tokens before saving, {len(after)} after loading"
            )

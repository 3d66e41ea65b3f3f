"""A random llama checkpoint, small enough to make in a test: real files, no torch."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

CHAT_TEMPLATE = """\
{{- bos_token -}}
{%- for message in messages %}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}
<|im_start|>assistant
{% endif %}"""

_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_CORPUS = [
    "Write a Python program for the problem below. Keep the even numbers, then return the sum.",
    "def f(xs):\n    xs = [x for x in xs if x % 2 == 0]\n    return sum(xs)\n",
    "Analysis: 1: asked keep the even numbers; does take each number modulo 7; different",
    "Overall judgment: Correct\nOverall judgment: Incorrect\nuser\nassistant\nsystem\n",
    "naïve café, 东京, ßtraße, 🙂🙃",
]


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    hidden: int = 48
    intermediate: int = 96
    layers: int = 2
    heads: int = 6
    groups: int = 2
    context: int = 256
    vocabulary: int = 512
    tied: bool = True
    scale: float = 0.3
    """Spread of the weights: large enough that the next token is neither certain nor uniform."""


def write_checkpoint(path: Path, shape: Shape | None = None, seed: int = 0) -> Path:
    """Write a whole checkpoint directory."""
    shape = shape or Shape()
    path.mkdir(parents=True, exist_ok=True)
    write_text_files(path, shape.vocabulary)
    _write_json(path / "config.json", _config(shape))
    _write_json(path / "generation_config.json", {"bos_token_id": 0, "eos_token_id": [2], "temperature": 1.0})
    save_file(_tensors(shape, seed), path / "model.safetensors")
    return path


def write_text_files(path: Path, vocabulary: int) -> None:
    """Write a byte-level tokenizer of at most that many tokens, its configuration and a chat template."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[AddedToken(token, special=True) for token in _SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS * 4, trainer)
    tokenizer.save(str(path / "tokenizer.json"))
    (path / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    names = {"bos_token": _SPECIAL[0], "eos_token": _SPECIAL[2], "pad_token": _SPECIAL[0]}
    _write_json(path / "tokenizer_config.json", {**names, "tokenizer_class": "PreTrainedTokenizerFast"})


def _config(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.groups,
        "head_dim": shape.hidden // shape.heads,
        "max_position_embeddings": shape.context,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_theta": 5000.0, "rope_type": "default"},
        "tie_word_embeddings": shape.tied,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _tensors(shape: Shape, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    head = shape.hidden // shape.heads

    def matrix(*size: int) -> np.ndarray:
        return (random.standard_normal(size) * shape.scale).astype(np.float32)

    def gains() -> np.ndarray:
        return (1 + 0.1 * random.standard_normal(shape.hidden)).astype(np.float32)

    tensors = {
        "model.embed_tokens.weight": matrix(shape.vocabulary, shape.hidden),
        "model.norm.weight": gains(),
    }
    if not shape.tied:
        tensors["lm_head.weight"] = matrix(shape.vocabulary, shape.hidden)
    for index in range(shape.layers):
        prefix = f"model.layers.{index}."
        tensors |= {
            f"{prefix}input_layernorm.weight": gains(),
            f"{prefix}post_attention_layernorm.weight": gains(),
            f"{prefix}self_attn.q_proj.weight": matrix(shape.heads * head, shape.hidden),
            f"{prefix}self_attn.k_proj.weight": matrix(shape.groups * head, shape.hidden),
            f"{prefix}self_attn.v_proj.weight": matrix(shape.groups * head, shape.hidden),
            f"{prefix}self_attn.o_proj.weight": matrix(shape.hidden, shape.heads * head),
            f"{prefix}mlp.gate_proj.weight": matrix(shape.intermediate, shape.hidden),
            f"{prefix}mlp.up_proj.weight": matrix(shape.intermediate, shape.hidden),
            f"{prefix}mlp.down_proj.weight": matrix(shape.hidden, shape.intermediate),
        }
    return tensors


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")

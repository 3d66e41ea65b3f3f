"""A tokenizer whose units are the world's phrases.

Byte-level BPE whose merges may cross spaces: text is cut only at digits, line ends and punctuation,
so that a whole phrase or half a line of code is one token. Any other text still encodes, in bytes.
"""

import random
from collections import Counter
from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from training.base.corpus import Mix, Noise, make_example

PAD, SYSTEM, USER, ASSISTANT, END = "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL = [PAD, END, SYSTEM, USER, ASSISTANT]
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
_CUT = Regex(r"\n+ *|\d|, then|, next,|[.,;:()]|[^\n\d.,;:()]+")
_EVEN_MIX = Mix(write=1, revise=1, blind=1, hinted=1)
_SAMPLE = 6000
_SEEN_OFTEN = 20


def train_tokenizer(vocabulary: int, seed: int) -> PreTrainedTokenizerFast:
    """Fit a tokenizer of `vocabulary` tokens to a sample of the corpus."""
    tokenizer = Tokenizer(models.BPE())
    cut = pre_tokenizers.Split(_CUT, behavior="isolated")
    bytes_of = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, bytes_of])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=256,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_pieces(seed), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def _pieces(seed: int) -> Iterator[str]:
    """Each distinct piece equally often: a rare phrase deserves its token as a common one does."""
    rng = random.Random(f"{seed}:tokenizer")
    split = pre_tokenizers.Split(_CUT, behavior="isolated")
    counts: Counter[str] = Counter()
    for _ in range(_SAMPLE):
        example = make_example(rng, _EVEN_MIX, Noise())
        for text in (*(message.content for message in example.messages), example.completion):
            counts.update(piece for piece, _ in split.pre_tokenize_str(text))
    for piece, count in sorted(counts.items()):
        if count >= _SEEN_OFTEN:
            yield from (piece,) * 8

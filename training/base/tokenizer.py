"""A tokenizer whose units are the world's phrases.

Byte-level BPE whose merges may cross spaces: text is cut only at digits, line ends, and where phrases of a
statement or a critique meet, so that a whole phrase or half a line of code is one token. The fixed wording of
the prompts is a token a passage. Any other text still encodes, in bytes.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from service.domain.critique import Judgment
from service.domain.parsing import render_critique
from service.domain.task import Task
from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE, fenced, interface
from training.base.corpus import Mix, Noise, make_example
from training.tasks.pipeline import ENTRY_POINT

PAD, SYSTEM, USER, ASSISTANT, END = "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL = [PAD, END, SYSTEM, USER, ASSISTANT]
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
_CUT = Regex(
    r"(?:xs|s) = [^\n\d]+|return [^\n\d]+|print\([^\n\d]+|def \w+\(\w+\):"
    r"|, then|, next,|\. asked:|; line |; to:|; same|; different"
    r"|\n+ *|\d|[.,;:()]|[^\n\d.,;:()]+"
)
# Half of it writing: the phrasings that are met nowhere else deserve their tokens too.
_MIX = Mix(write=3, revise=1, blind=1, hinted=1)
_SAMPLE = 12_000
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
    tokenizer.add_tokens([AddedToken(passage, normalized=False) for passage in fixed_wording()])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def fixed_wording() -> list[str]:
    """The passages that every prompt or critique of a kind shares, longest first."""
    critique = render_critique("{{a}}", "{{b}}", Judgment.CORRECT).removesuffix(" Correct")
    templates = (
        GENERATOR_TEMPLATE.propose,
        GENERATOR_TEMPLATE.revise,
        CRITIC_TEMPLATE.critique,
        CRITIC_TEMPLATE.hint,
        fenced("{{code}}"),
        critique,
        interface(Task("", ENTRY_POINT)),
        interface(Task("")),
    )
    passages = {passage for text in templates for passage in re.split(r"\{\{\w+\}\}", text) if passage}
    return sorted(passages, key=lambda passage: (-len(passage), passage))


def _pieces(seed: int) -> Iterator[str]:
    """Each distinct piece equally often: a rare phrase deserves its token as a common one does."""
    rng = random.Random(f"{seed}:tokenizer")
    fixed = re.compile("|".join(map(re.escape, fixed_wording())))
    split = pre_tokenizers.Split(_CUT, behavior="isolated")
    counts: Counter[str] = Counter()
    for _ in range(_SAMPLE):
        example = make_example(rng, _MIX, Noise())
        for text in (*(message.content for message in example.messages), example.completion):
            for passage in fixed.split(text):
                counts.update(piece for piece, _ in split.pre_tokenize_str(passage))
    for piece, count in sorted(counts.items()):
        if count >= _SEEN_OFTEN:
            yield from (piece,) * 8

"""How sure a critic is: from the judgment token's probabilities, and from several votes."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from service.domain.chat import TokenLogprob
from service.domain.critique import Critique, Judgment

_JUDGMENT_WORD = re.compile(r"(?:in)?correct", re.IGNORECASE)
_NOTHING = re.compile(r"(?:[^\w<\[]|[\u0120\u010a]|<[^<>\s]{1,80}>|\[e~\[)*")
"""What may follow a judgment: marks, white space as tokenizers spell it too, and tokens that end a turn."""
# Tokenizers spell the space before a word as a space, as U+0120 or as U+2581.
_TAIL = 8
_BEFORE_A_WORD = " \t\r\n*_:\u0120\u2581"


@dataclass(frozen=True, slots=True)
class Votes:
    """How several critiques of one candidate judged it."""

    correct: int = 0
    incorrect: int = 0
    unparsed: int = 0

    @property
    def judgment(self) -> Judgment | None:
        """Correct by a strict majority of all votes cast, the unparsed too; a tie is not Correct."""
        if 2 * self.correct > self.correct + self.incorrect + self.unparsed:
            return Judgment.CORRECT
        return Judgment.INCORRECT if self.incorrect else None


def count_votes(critiques: Iterable[Critique]) -> Votes:
    """Count the judgments."""
    judgments = [critique.judgment for critique in critiques]
    return Votes(
        judgments.count(Judgment.CORRECT), judgments.count(Judgment.INCORRECT), judgments.count(None)
    )


def scored(critique: Critique, logprobs: Sequence[TokenLogprob] | None) -> Critique:
    """Score a critique; without logprobs it is one vote. Without a judgment there is nothing to score."""
    if critique.judgment is None:
        return critique
    score = probability_of_correct(logprobs or (), critique.judgment)
    if score is None:
        score = float(critique.judgment is Judgment.CORRECT)
    return replace(critique, score=score)


def aggregate(critiques: Sequence[Critique]) -> Critique:
    """Return the first critique that agrees with the majority, with the mean score of all that judged."""
    judgment = count_votes(critiques).judgment
    chosen = next(critique for critique in critiques if critique.judgment is judgment)
    if judgment is None:
        return chosen
    scores = [critique.score for critique in critiques if critique.score is not None]
    return replace(chosen, score=sum(scores) / len(scores) if scores else None)


def probability_of_correct(
    logprobs: Sequence[TokenLogprob], judgment: Judgment | None = None
) -> float | None:
    """Return P(Correct) at the judgment's first token, over Correct and Incorrect alone; None if untold.

    Logprobs that end before the judgment tell nothing, nor do those that spell another one than `judgment`:
    an endpoint may leave some out, and such a word of the analysis is no judgment.

    The judgment is the last such word of a critique: nothing may follow it. It is looked for in the
    tokens' own text, which may hold special tokens that the completion's text lacks.
    """
    token = _judgment_token(logprobs, judgment)
    return None if token is None else _share_of_correct({token.text: token.logprob, **token.top})


def _judgment_token(logprobs: Sequence[TokenLogprob], judgment: Judgment | None) -> TokenLogprob | None:
    """Look through a longer and longer tail: reading a token may cost something."""
    length = _TAIL
    while True:
        tail = tuple(logprobs[-length:])
        text = "".join(token.text for token in tail)
        words = list(_JUDGMENT_WORD.finditer(text))
        whole = length >= len(logprobs)
        # A word at the very beginning of a tail may be the end of a longer one.
        if words and (whole or words[-1].start() >= len("in")):
            word = words[-1]
            is_last = _NOTHING.fullmatch(text, word.end()) is not None
            is_told = judgment is None or word[0].lower() == judgment.value
            return _token_at(tail, word.start()) if is_last and is_told else None
        if whole:
            return None
        length *= 4


def _token_at(tokens: Sequence[TokenLogprob], offset: int) -> TokenLogprob:
    ends = accumulate(len(token.text) for token in tokens)
    return next(token for token, end in zip(tokens, ends, strict=True) if offset < end)


def _share_of_correct(alternatives: Mapping[str, float]) -> float | None:
    mass = {"correct": 0.0, "incorrect": 0.0}
    for text, logprob in alternatives.items():
        piece = text.lstrip(_BEFORE_A_WORD).rstrip().lower()
        for word in mass:
            if piece and (word.startswith(piece) or piece.startswith(word)):
                mass[word] += math.exp(min(logprob, 0.0))
    total = sum(mass.values())
    return mass["correct"] / total if total > 0 else None

"""A question that costs one look: how likely each label is as a model's next word.

Knows logits and a vocabulary, no context and no thread. The desk makes it, the inference loop
hands it the logits behind the prompt, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edge.engines.frames import Weighed
from edge.engines.worker.answering import Logits
from edge.errors import UnsupportedInput


class Words(Protocol):
    """What is needed of a vocabulary."""

    def tokenize(self, text: str, *, special: bool = True) -> list[int]: ...

    def piece(self, token: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Weighing:
    """``labels``: the tokens with which each may begin. ``fixed``: how much of the prompt comes
    again in the next question, and stays in memory for it."""

    id: int
    labels: tuple[tuple[int, ...], ...]
    fixed: int

    def read(self, row: Logits) -> Weighed:
        """The logits behind the prompt."""
        weights = np.exp(row.astype(np.float64) - float(row.max()))
        each = np.array([weights[list(tokens)].sum() for tokens in self.labels])
        together = float(each.sum())
        shares = each / together if together else np.full(len(each), 1 / len(each))
        return Weighed(self.id, shares.tolist(), together / float(weights.sum()))


def first_tokens(words: Words, labels: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """With which tokens each label may begin in this vocabulary, with and without a space before
    it, as it is and with a capital. Raises UnsupportedInput where two may begin alike."""
    found = tuple(tuple(sorted(set(_firsts(words, label)))) for label in labels)
    owners: dict[int, str] = {}
    for label, tokens in zip(labels, found, strict=True):
        if not tokens:
            raise UnsupportedInput(f"the label {label!r} has no tokens: it has to be a word")
        for token in tokens:
            if owners.setdefault(token, label) != label:
                raise UnsupportedInput(
                    f"the labels {owners[token]!r} and {label!r} begin with the same token in "
                    "this model's vocabulary: take words that begin differently"
                )
    return found


def _firsts(words: Words, label: str) -> Iterator[int]:
    for form in (label, label.capitalize(), f" {label}", f" {label.capitalize()}"):
        tokens = words.tokenize(form, special=False)
        # A vocabulary that has the space as a token of its own says nothing by it.
        if tokens and words.piece(tokens[0]).strip():
            yield tokens[0]

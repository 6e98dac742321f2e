"""Speak or act: a small model's first token decides, and then it is held to its choice.

Small models write calls in wrappers of their own and name tools that were not offered.
Where the first token says that a call is meant, the whole answer is held to a grammar of
the offered tools; where it says prose, nothing is held. Knows logits and a grammar to
compile; one object an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.engines.worker.constraint import Constraint
from edge.engines.worker.native import Vocabulary
from edge.errors import UnsatisfiableSchema

OPENERS = ("<", "<tool_call>", "<tools>", "```", "``", "{", '{"', "{\n", "[{", '[{"')
"""How calls begin in the formats written in JSON; each counts where it is one token."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a vocabulary's tokens say at an answer's beginning."""

    openers: tuple[int, ...]
    """A call."""
    words: NDArray[np.bool_]
    """By token: whether it begins a word, as every sentence does."""
    ends: frozenset[int]
    """Nothing."""


def marks(vocabulary: Vocabulary) -> Marks:
    """Once for each model; reads the whole vocabulary."""
    found = (vocabulary.tokenize(text) for text in OPENERS)
    words = np.array([text[:1].isalnum() for text in vocabulary.texts()], dtype=np.bool_)
    return Marks(tuple(t[0] for t in found if len(t) == 1), words, vocabulary.ends)


class Steer:
    """Asked once, with the logits behind the prompt.

    ``act_from``: the share of the first token's probability that means a call; above 1 a
    call is ruled out.
    """

    def __init__(
        self, marks: Marks, compile_call: Callable[[], Constraint], *, act_from: float
    ) -> None:
        self._openers = marks.openers
        self._ends = marks.ends
        self._words = marks.words
        self._compile = compile_call
        self._act_from = act_from

    def choose(self, logits: NDArray[np.float32]) -> Constraint | None:
        """The grammar of one call if a call is meant, else None.

        An answer that ends before it began is ruled out: clients only ask again. Nothing is
        held where a tool's schema makes no grammar: this is too late to refuse the request.
        """
        logits[list(self._ends)] = -np.inf
        if self._act_from > 1:
            logits[~self._words] = -np.inf
            return None
        if share(logits, self._openers) < self._act_from:
            return None
        try:
            return self._compile()
        except UnsatisfiableSchema:
            return None


def share(logits: NDArray[np.float32], tokens: tuple[int, ...]) -> float:
    """The part of the softmax that falls on ``tokens``."""
    weights = np.exp(logits.astype(np.float64) - float(logits.max()))
    return float(weights[list(tokens)].sum() / weights.sum())

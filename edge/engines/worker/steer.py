"""Speak or act: a small model's first token decides, and then it is held to its choice.

Small models write calls in wrappers of their own and name tools that were not offered.
Where the first token says that a call is meant, the whole answer is held to a grammar of
the offered tools; where it says prose, nothing is held. Knows logits and a grammar to
compile; one object an answer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.engines.worker.constraint import Constraint
from edge.engines.worker.native import Vocabulary

OPENERS = ("<", "<tool_call>", "<tools>", "```", "``", "{", '{"', "{\n", "[{", '[{"')
"""How calls begin in the formats written in JSON; each counts where it is one token."""


class Steer:
    """Asked once, with the logits behind the prompt.

    ``act_from``: the share of the first token's probability that means a call.
    """

    def __init__(
        self, vocabulary: Vocabulary, compile_call: Callable[[], Constraint], *, act_from: float
    ) -> None:
        self._openers = opener_tokens(vocabulary)
        self._ends = vocabulary.ends
        self._compile = compile_call
        self._act_from = act_from

    def choose(self, logits: NDArray[np.float32]) -> Constraint | None:
        """The grammar of one call if a call is meant, else None.

        An answer that ends before it began is ruled out: clients only ask again.
        """
        logits[list(self._ends)] = -np.inf
        if share(logits, self._openers) < self._act_from:
            return None
        return self._compile()


def opener_tokens(vocabulary: Vocabulary) -> tuple[int, ...]:
    found = (vocabulary.tokenize(text) for text in OPENERS)
    return tuple(tokens[0] for tokens in found if len(tokens) == 1)


def share(logits: NDArray[np.float32], tokens: tuple[int, ...]) -> float:
    """The part of the softmax that falls on ``tokens``."""
    weights = np.exp(logits.astype(np.float64) - float(logits.max()))
    return float(weights[list(tokens)].sum() / weights.sum())

"""Choosing the next token from one row of logits; pure but for its random numbers.

Knows nothing of grammars: whoever constrains writes minus infinity into the logits
first. The stages and their order are those of llama.cpp's own chain (penalties, top-k,
top-p, min-p, temperature); written over the row itself, because a chain in C first copies
the whole vocabulary into a list of candidates.
"""

from __future__ import annotations

from collections import Counter, deque

import numpy as np
from numpy.typing import NDArray

from edge.engines.frames import SamplingValues

PENALTY_WINDOW_TOKENS = 256
"""How far back repeat penalties look; llama.cpp's 64 misses a repeated code block."""

_NEGLIGIBLE = 30.0
"""Logits so far below the best, at temperature 1, weigh less than 1e-13 together with all
their like in any vocabulary there is."""


class Sampler:
    """Values with every default filled in; one object an answer."""

    def __init__(self, values: SamplingValues) -> None:
        temperature = 1.0 if values.temperature is None else values.temperature
        self._temperature = max(0.0, temperature)
        self._top_k = values.top_k or 0
        self._top_p = 1.0 if values.top_p is None else values.top_p
        self._min_p = values.min_p or 0.0
        self._penalties = _Penalties(values)
        self._random = np.random.default_rng(values.seed)

    @property
    def greedy(self) -> bool:
        return self._temperature == 0

    def penalise(self, logits: NDArray[np.float32]) -> None:
        """Write the penalties for what was accepted into ``logits``, once a row."""
        self._penalties.apply(logits)

    def choose(self, logits: NDArray[np.float32]) -> int:
        """The next token."""
        if self.greedy:
            return int(logits.argmax())
        tokens = self._candidates(logits)
        values = logits[tokens].astype(np.float64)
        order = np.argsort(-values, kind="stable")
        tokens, values = tokens[order], values[order]
        kept = self._cut(values)
        weights = np.exp((values[:kept] - values[0]) / self._temperature)
        heap = np.cumsum(weights)
        return int(tokens[np.searchsorted(heap, self._random.random() * heap[-1], side="right")])

    def accept(self, token: int) -> None:
        """``token`` stands in the answer now."""
        self._penalties.add(token)

    def _candidates(self, logits: NDArray[np.float32]) -> NDArray[np.intp]:
        """Those that can be chosen at all, in no order."""
        best = float(logits.max())
        tokens = np.flatnonzero(logits >= best - _NEGLIGIBLE * max(1.0, self._temperature))
        if self._top_k and len(tokens) > self._top_k:
            top = np.argpartition(-logits[tokens], self._top_k - 1)[: self._top_k]
            return tokens[top]
        return tokens

    def _cut(self, values: NDArray[np.float64]) -> int:
        """How many of the sorted ``values`` top-p and min-p leave, one at least."""
        kept = len(values)
        shares = np.exp(values - values[0])
        if self._top_p < 1:
            reached = np.cumsum(shares) / shares.sum()
            kept = int(np.searchsorted(reached, self._top_p, side="left")) + 1
        if self._min_p > 0:
            kept = min(kept, int(np.count_nonzero(shares >= self._min_p)))
        return max(1, min(kept, len(values)))


class _Penalties:
    """Repeat, frequency and presence penalties over the last tokens of the answer."""

    def __init__(self, values: SamplingValues) -> None:
        self._repeat = values.repeat_penalty or 1.0
        self._frequency = values.frequency_penalty or 0.0
        self._presence = values.presence_penalty or 0.0
        self._active = self._repeat != 1.0 or bool(self._frequency) or bool(self._presence)
        self._window: deque[int] = deque()
        self._counts: Counter[int] = Counter()

    def add(self, token: int) -> None:
        if not self._active:
            return
        self._window.append(token)
        self._counts[token] += 1
        if len(self._window) > PENALTY_WINDOW_TOKENS:
            gone = self._window.popleft()
            self._counts[gone] -= 1
            if not self._counts[gone]:
                del self._counts[gone]

    def apply(self, logits: NDArray[np.float32]) -> None:
        if not self._counts:
            return
        tokens = np.fromiter(self._counts, dtype=np.intp)
        counts = np.fromiter(self._counts.values(), dtype=np.float32)
        values = logits[tokens]
        values = np.where(values > 0, values / self._repeat, values * self._repeat)
        logits[tokens] = values - counts * self._frequency - self._presence

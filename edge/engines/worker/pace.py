"""How many prompt tokens one decode should read; pure.

A decode cannot be interrupted, so its length bounds how late a cancellation is seen and
how seldom progress is reported. The chunk follows the measured speed of the board.
"""

from __future__ import annotations

from edge.units import Seconds

TARGET_SECONDS = Seconds(2.0)
MIN_CHUNK_TOKENS = 32


class Pace:
    """Chunk size for the next decode, learnt from the last ones."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self.chunk = largest

    def learn(self, tokens: int, took: Seconds) -> None:
        """A full chunk of ``tokens`` took so long: aim at TARGET_SECONDS."""
        if tokens < self.chunk or took <= 0:
            return
        wanted = int(tokens * TARGET_SECONDS / took)
        steps = max(1, wanted // MIN_CHUNK_TOKENS)
        self.chunk = min(self._largest, steps * MIN_CHUNK_TOKENS)

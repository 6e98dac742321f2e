"""Stop sequences over text that arrives in pieces; pure.

Text that could be the beginning of a stop sequence is held back until it is sure.
"""

from __future__ import annotations

from collections.abc import Sequence


class StopFilter:
    """Feed text; out comes what may be shown, until a stop sequence was met."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.met: str | None = None

    def feed(self, text: str) -> str:
        """What can be passed on. After ``met`` is set nothing passes any more."""
        if self.met is not None:
            return ""
        self._held += text
        found = [(self._held.find(stop), stop) for stop in self._stops if stop in self._held]
        if found:
            # The one that is complete first, as it would be met token by token.
            index, self.met = min(found, key=lambda pair: (pair[0] + len(pair[1]), pair[0]))
            passed, self._held = self._held[:index], ""
            return passed
        keep = max((self._overlap(stop) for stop in self._stops), default=0)
        cut = len(self._held) - keep
        passed, self._held = self._held[:cut], self._held[cut:]
        return passed

    def flush(self) -> str:
        """The end: what was held back is text after all."""
        passed, self._held = self._held, ""
        return passed

    def _overlap(self, stop: str) -> int:
        """Length of the longest end of the held text that begins ``stop``."""
        longest = min(len(stop) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(stop[:n])), 0)

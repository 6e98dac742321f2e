"""Requests' parts that were met before, by identity: who parses gives the same bytes back as the
same object. None of them is kept alive by being known here. Called by the scan.
"""

from __future__ import annotations

from collections import OrderedDict
from weakref import ref

MOST = 32_768
"""Objects remembered, the one noted first forgotten first."""


class Met:
    """A bounded set of objects; whether two are equal does not matter."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[int, ref[object]] = OrderedDict()

    def __contains__(self, one: object) -> bool:
        known = self._known.get(id(one))
        # Another object may have come to stand where one that is gone stood.
        return known is not None and known() is one

    def note(self, one: object) -> None:
        """It was met."""
        self._known[id(one)] = ref(one)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

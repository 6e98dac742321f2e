"""Whose own credential a server wants to be left alone by, each with a breaker of its own.

A limit that one account has reached says nothing of another's: where laptops' credentials are
handed on, a 429 is that credential's. It is known by a digest under a key that dies with
the process, never by itself. Knows no server. Owned by what is known of a server's health.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import NewType

from edge.engines.upstream.breaker import Breaker
from edge.engines.upstream.headers import CREDENTIALS, Headers
from edge.units import Seconds

Holder = NewType("Holder", bytes)
"""Whoever has a credential, by its digest."""

MOST_HOLDERS = 64
"""Credentials that are remembered; the one that was used longest ago is forgotten, and asked
for in vain once more at worst."""
_KEY_BYTES = 32
_DIGEST_BYTES = 16


class Holders:
    """Those of whom there is something to remember. ``clock`` is monotonic."""

    def __init__(
        self, clock: Callable[[], float], random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._clock = clock
        self._key = random_bytes(_KEY_BYTES)
        self._breakers: OrderedDict[Holder, Breaker] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there is anybody to be told from the others."""
        return bool(self._breakers)

    def of(self, headers: Headers) -> Holder | None:
        """Whose credential stands in them; None where there is none."""
        digest, found = blake2b(key=self._key, digest_size=_DIGEST_BYTES), False
        for name, value in headers:
            if (word := name.lower()) in CREDENTIALS:
                text = f"{len(word)} {word} {value}\n"
                digest.update(text.encode("utf-8", "surrogatepass"))
                found = True
        return Holder(digest.digest()) if found else None

    def left_alone(self) -> int:
        """How many are not to be asked for now."""
        now = self._clock()
        return sum(breaker.position(now) == "open" for breaker in self._breakers.values())

    def refusal(self, holder: Holder | None) -> str | None:
        """Why nothing should be asked for that one now; None if something may."""
        known = self._known(holder)
        return None if known is None else known.refusal(self._clock())

    def is_open(self, holder: Holder | None) -> bool:
        """Whether the server is to be left alone by that one, not even tried."""
        known = self._known(holder)
        return known is not None and known.position(self._clock()) == "open"

    def asked(self, holder: Holder | None) -> None:
        """A request of that one's goes there."""
        self._change(holder, lambda known: known.asked(self._clock()))

    def left(self, holder: Holder | None) -> None:
        """It ended without a word about its credential."""
        self._change(holder, Breaker.abandoned)

    def answering(self, holder: Holder | None) -> None:
        """An answer has begun."""
        self._change(holder, Breaker.answering)

    def succeeded(self, holder: Holder | None) -> None:
        """Its credential is good for an answer."""
        self._change(holder, Breaker.succeeded)

    def failed(self, holder: Holder, why: str, retry_after: Seconds | None) -> bool:
        """The server wants to be left alone by that one. Whether it is from now on."""
        before = self._known(holder) or Breaker()
        after = before.failed(self._clock(), why, retry_after)
        self._keep(holder, after)
        return after.opened > before.opened

    def _known(self, holder: Holder | None) -> Breaker | None:
        return None if holder is None else self._breakers.get(holder)

    def _change(self, holder: Holder | None, change: Callable[[Breaker], Breaker]) -> None:
        if holder is not None and (known := self._breakers.get(holder)) is not None:
            self._keep(holder, change(known))

    def _keep(self, holder: Holder, breaker: Breaker) -> None:
        """One of whom nothing bad is known is like one who never came."""
        if not (breaker.failures or breaker.opened):
            self._breakers.pop(holder, None)
            return
        self._breakers[holder] = breaker
        self._breakers.move_to_end(holder)
        if len(self._breakers) > MOST_HOLDERS:
            self._breakers.popitem(last=False)

"""Reads what is new of requests for what must not leave the box, in bounded time.

A text that was found harmless is known by its digest and not read again, in whichever session it
comes back; a turn or a tool whose texts all are is known as the object it is. Long texts are read
in stretches that overlap. Knows no session and no rule about what follows. Owned by privacy.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, Protocol

from edge.chat import ChatRequest
from edge.routing.met import Met
from edge.routing.secrets import Kind, find_secret
from edge.routing.texts import texts_of, wholes_of
from edge.units import Seconds

STRETCH, OVERLAP = 65_536, 12_288
"""Characters read at once, and how many of them the next stretch reads again: more than any
shipped pattern can span."""
IN_THREAD = 32_768
"""Characters; more new ones than these are read in a thread."""
MOST_SECONDS = Seconds(2.0)
"""How long a request's new texts may take; one that takes longer stays on the box."""
MOST_KNOWN = 32_768
"""Digests of harmless texts kept, the least lately met forgotten first."""

Cause = Literal["pattern", "secret"]


class Patterns(Protocol):
    """A person's regular expressions, edge.routing.patterns."""

    def find(self, text: str) -> int | None:
        """The number of the first that matches. Raises ValueError."""


@dataclass(frozen=True, slots=True)
class Found:
    """``what`` is for a sentence and quotes nothing of the text."""

    cause: Cause
    what: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Not everything could be read."""

    why: str


class Scan:
    """``clock`` is monotonic."""

    def __init__(
        self,
        patterns: Patterns | None,
        kinds: tuple[Kind, ...],
        clock: Callable[[], float],
        *,
        most_seconds: Seconds = MOST_SECONDS,
        most_known: int = MOST_KNOWN,
    ) -> None:
        self._patterns = patterns
        self._kinds = kinds
        self._clock = clock
        self._most_seconds = most_seconds
        self._most_known = most_known
        self._harmless: OrderedDict[bytes, None] = OrderedDict()
        self._met = Met()

    async def read(self, request: ChatRequest) -> Found | Unread | None:
        """None if everything was read and is harmless."""
        if self._patterns is None and not self._kinds:
            return None
        wholes = [whole for whole in wholes_of(request) if whole not in self._met]
        try:
            new = dict(self._new(text for whole in wholes for text in texts_of(whole)))
            if sum(map(len, new.values())) > IN_THREAD:
                read, found = await asyncio.to_thread(self._look, new)
            else:
                read, found = self._look(new)
        except (ValueError, RecursionError) as error:
            return Unread(f"it could not be searched ({type(error).__name__})")
        self._remember(read)
        if found is None:
            for whole in wholes:
                self._met.note(whole)
        return found

    def _new(self, texts: Iterable[str]) -> Iterator[tuple[bytes, str]]:
        """Texts that have not been read yet, by their digests."""
        for text in texts:
            digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            if digest in self._harmless:
                self._harmless.move_to_end(digest)
            elif text:
                yield digest, text

    def _look(self, texts: dict[bytes, str]) -> tuple[list[bytes], Found | Unread | None]:
        """Which texts are harmless, and what ended the reading. Changes nothing."""
        until = self._clock() + self._most_seconds
        read: list[bytes] = []
        for digest, text in texts.items():
            for stretch in stretches(text):
                if (found := self._find(stretch)) is not None:
                    return read, found
                if self._clock() > until:
                    return read, Unread(f"it is too much to search in {self._most_seconds:g} s")
            read.append(digest)
        return read, None

    def _find(self, text: str) -> Found | None:
        number = self._patterns.find(text) if self._patterns is not None else None
        if number is not None:
            return Found("pattern", f"pattern {number} of privacy.never_cloud_patterns is in it")
        kind = find_secret(text, self._kinds)
        return None if kind is None else Found("secret", f"{kind} is in it")

    def _remember(self, read: Iterable[bytes]) -> None:
        self._harmless.update(dict.fromkeys(read))
        while len(self._harmless) > self._most_known:
            self._harmless.popitem(last=False)


def stretches(text: str) -> Iterator[str]:
    """The text in pieces that overlap; a short one is one piece."""
    yield text[:STRETCH]
    for start in range(STRETCH - OVERLAP, len(text) - OVERLAP, STRETCH - OVERLAP):
        yield text[start : start + STRETCH]

"""What must not leave the box: projects, patterns, keys; and the sessions they were met in.

A session in which one of them was met is pinned: for the rest of its life it is answered by
the box or not at all. Whatever cannot be decided safely stays here too, for that request.
Knows no engine. Owned by the router; the policy takes its word.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from edge.chat import ChatRequest, Text
from edge.routing.features import directories_of, session_of
from edge.routing.pins import Pins
from edge.routing.places import first_cover
from edge.routing.scan import Found, Scan, Unread

log = logging.getLogger(__name__)

MOST_SESSIONS = 4_096
"""Sessions whose directory is known and whose beginning was seen, in memory."""

_ATTRIBUTION = "x-anthropic-billing-header"
"""The client's first system block, which may change with every request."""

_PINNED: Mapping[str, str] = {
    "project": "its session worked in a project that never leaves",
    "pattern": "its session matched privacy.never_cloud_patterns",
    "secret": "a key or a token was met in its session",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a request stays here; with a cause its session does, for good."""

    why: str
    cause: str | None = None


class Privacy:
    """One per daemon. Everything but the scan and the saving is on the event loop."""

    def __init__(self, projects: tuple[str, ...], scan: Scan, pins: Pins) -> None:
        self._projects = projects
        self._scan = scan
        self._pins = pins
        self._placed: OrderedDict[str, None] = OrderedDict()
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._saving = asyncio.Lock()

    async def why_here(self, request: ChatRequest) -> str | None:
        """Why the request must not leave the box, for the person; None if it may."""
        key = session_key(request)
        pin = self._pins.get(key)
        if pin is not None:
            await self._save()
            return _PINNED.get(pin.cause, "its session is pinned")
        kept = await self.look(request)
        if kept is None:
            return self._doubtful(key, request)
        if kept.cause is None:
            return kept.why
        self._pins.add(key, kept.cause)
        log.warning("a session stays on this box from now on: %s", kept.why)
        await self._save()
        return kept.why

    async def look(self, request: ChatRequest) -> Kept | None:
        """What is in this request by itself, whatever is remembered of its session."""
        return self._by_place(session_key(request), request) or await self._by_text(request)

    def _by_place(self, key: str, request: ChatRequest) -> Kept | None:
        if not self._projects:
            return None
        directories = directories_of(request)
        glob = first_cover(self._projects, directories)
        if glob is not None:
            return Kept(f"its project is in {glob} (privacy.never_cloud_projects)", "project")
        if directories:
            _note(self._placed, key)
        elif key not in self._placed:
            return Kept("its project is not known yet, and some never leave")
        return None

    async def _by_text(self, request: ChatRequest) -> Kept | None:
        match await self._scan.read(request):
            case Found(cause, what):
                return Kept(what, cause)
            case Unread(why):
                return Kept(why)
            case None:
                return None

    def _doubtful(self, key: str, request: ChatRequest) -> str | None:
        """Whether the session may have been pinned without our remembering it."""
        if self._pins.was_full:
            return "a session could not be remembered as pinned, and this may be the one"
        is_new = not any(message.role == "assistant" for message in request.messages)
        if is_new or key in self._begun:
            _note(self._begun, key)
        elif self._pins.was_lost:
            return "the list of pinned sessions was lost, and this may be one of them"
        return None

    async def _save(self) -> None:
        """A pin holds in memory even where the disk refuses it."""
        async with self._saving:
            changes = self._pins.changes()
            if changes is None:
                return
            try:
                await asyncio.to_thread(self._pins.save, changes)
            except OSError as error:
                log.error("pinned sessions cannot be saved: %s", error.strerror)


def session_key(request: ChatRequest) -> str:
    """A digest of the session's id; without one, of what every request of it begins with."""
    session = session_of(request)
    if session is not None:
        return _digest("session", session)
    system = [one.text for one in request.system if not one.text.startswith(_ATTRIBUTION)]
    first = next((message for message in request.messages if message.role == "user"), None)
    said = [part.text for part in first.parts if isinstance(part, Text)] if first else []
    return _digest("beginning", *system, "", *said)


def _digest(*words: str) -> str:
    digest = blake2b(digest_size=16)
    for word in words:
        text = word.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()


def _note(sessions: OrderedDict[str, None], key: str) -> None:
    sessions[key] = None
    sessions.move_to_end(key)
    while len(sessions) > MOST_SESSIONS:
        sessions.popitem(last=False)

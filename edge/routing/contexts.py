"""What each session last said of its directories and rules: its ``classifier_context``.

The client sends it beside its turns; its own classifier requests carry none and are judged
by the one kept here. Single writer: the router, which owns one.
"""

from __future__ import annotations

from collections import OrderedDict

from edge.chat import ChatRequest, JsonObject
from edge.safeguards import DANGEROUS_TOOL_USE

MOST_SESSIONS = 64
"""Sessions and agents remembered; the one unheard of for longest is forgotten first."""

_Speaker = tuple[str, str | None]


class SessionContexts:
    """A bounded memory. Agents of a session are told apart: each has its own directory."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._kept: OrderedDict[_Speaker, JsonObject] = OrderedDict()

    def remember(self, request: ChatRequest) -> None:
        """Keep what ``request`` tells. One that tells nothing changes nothing."""
        speaker, told = _speaker(request), _told(request)
        if speaker is None or not told:
            return
        self._kept[speaker] = told
        self._kept.move_to_end(speaker)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def of(self, request: ChatRequest) -> JsonObject | None:
        """The last one of the request's session and agent; None if it is not known."""
        speaker = _speaker(request)
        if speaker is None or speaker not in self._kept:
            return None
        self._kept.move_to_end(speaker)
        return self._kept[speaker]


def _speaker(request: ChatRequest) -> _Speaker | None:
    return None if request.session is None else (request.session, request.agent)


def _told(request: ChatRequest) -> JsonObject:
    for wanted in request.safeguards:
        if wanted.kind == DANGEROUS_TOOL_USE:
            return wanted.context
    return {}

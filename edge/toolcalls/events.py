"""What the parser makes of a model's text: prose, thoughts and tool calls.

Pure data. Knows no model, no grammar engine and no wire format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Prose:
    """Text for the person."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Text from the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class CallOpened:
    """A call of an offered tool begins; until it closes only its arguments come."""

    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """A piece of the arguments' JSON text."""

    json: str


@dataclass(frozen=True, slots=True)
class CallClosed:
    """The pieces since CallOpened are one JSON object, valid for the tool's schema."""


@dataclass(frozen=True, slots=True)
class CallAborted:
    """The text ended inside a call whose arguments were already streamed."""


ParseEvent: TypeAlias = Prose | Thought | CallOpened | CallArguments | CallClosed | CallAborted


class EventLog:
    """Collects events and merges neighbours of the same text kind."""

    def __init__(self) -> None:
        self._events: list[ParseEvent] = []

    def add(self, event: ParseEvent) -> None:
        last = self._events[-1] if self._events else None
        match event, last:
            case Prose(""), _:
                return
            case Thought(""), _:
                return
            case CallArguments(""), _:
                return
            case Prose(text), Prose(before):
                self._events[-1] = Prose(before + text)
            case Thought(text), Thought(before):
                self._events[-1] = Thought(before + text)
            case CallArguments(json), CallArguments(before):
                self._events[-1] = CallArguments(before + json)
            case _:
                self._events.append(event)

    def take(self) -> list[ParseEvent]:
        """The events so far; the log starts anew."""
        events, self._events = self._events, []
        return events

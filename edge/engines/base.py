"""The seam between the router and whatever answers: five members, request in, events out.

Knows no wire format and no transport. Implemented by llama, upstream and fake;
called by routing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from edge.chat import ChatRequest, Event, Usage
from edge.state import EngineState, Outcome
from edge.units import Tokens

Late: TypeAlias = Callable[[str], None]
"""Told, with the reason, that an answer is later than it should be; perhaps more than once."""


def nobody(why: str) -> None:
    """Who is told where nobody wants to know."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as clients see it listed. ``names``: other words for it, in lower case."""

    id: str
    display_name: str
    context: Tokens | None = None
    vision: bool = False
    names: frozenset[str] = frozenset()

    def is_called(self, word: str) -> bool:
        return word.lower() in (self.id.lower(), *self.names)


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked of which only the next word is looked at: which of ``labels`` it is.
    ``system`` and ``examples``, texts with their labels, are the same in every question of a kind;
    ``text`` is the rest."""

    system: str
    text: str
    labels: tuple[str, ...]
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely ``model`` finds each label of a question, in their order; together 1. ``heard``:
    how likely that it says one of them at all."""

    model: str
    shares: tuple[float, ...]
    heard: float


class Engine(Protocol):
    """Something that answers a chat request."""

    @property
    def name(self) -> str: ...

    def state(self, request: ChatRequest | None = None) -> EngineState:
        """Whether ``request`` would be taken now, or any; never blocks. Only an engine that
        tells its clients apart looks at it."""

    def models(self) -> tuple[ModelInfo, ...]:
        """The models it serves, default first."""

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        """The prompt's exact length. Raises CodriverError."""

    def stream(self, request: ChatRequest, late: Late = nobody) -> AsyncGenerator[Event, None]:
        """Answer. Until the first content ``late`` is told if that takes unusually long, by an
        engine that is reached over a network. A refusal before any work is raised as a
        CodriverError on the first step; whatever breaks later comes as a last Failed event.
        Closing the generator cancels the work.
        """


class Outcomes(Protocol):
    """Who is told how requests over the network go."""

    def report(self, upstream: str, outcome: Outcome) -> None:
        """Never blocks, never raises."""


@dataclass(frozen=True, slots=True)
class Used:
    """What an answer took, whether it ended or broke off. Where it is not ``counted`` by its
    server, what was written is a guess, and the prompt is 0 if nothing was told of it."""

    usage: Usage
    counted: bool


class Meter(Protocol):
    """Who is told what answers over the network take."""

    def used(self, upstream: str, model: str, request: ChatRequest, used: Used) -> None:
        """``model``: what it is called there. Never blocks, never raises."""

"""A scripted engine: the same protocol, no model. For tests and ``codriver serve --fake``.

No runtime module may import it but the composition root.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from edge.chat import ChatRequest, Event, Finished, Started, TextDelta, Usage
from edge.engines.base import Late, ModelInfo, Odds, Question, nobody
from edge.errors import CodriverError
from edge.state import EngineState
from edge.units import Seconds, Tokens


@dataclass(frozen=True, slots=True)
class Pause:
    """A step of a script: nothing happens for so long."""

    seconds: Seconds


@dataclass(frozen=True, slots=True)
class Tardy:
    """A step of a script: the engine says that it is late."""

    why: str = "slow today"


Step = Event | Pause | Tardy | CodriverError
Script = Callable[[ChatRequest], Sequence[Step]]


def greet(request: ChatRequest) -> Sequence[Step]:
    """The default script: one short text."""
    usage = Usage(input=Tokens(len(request.messages)), output=Tokens(2))
    return (
        Started(request.model, usage),
        TextDelta("Hello from codriver."),
        Finished("end_turn", usage),
    )


@dataclass(slots=True)
class FakeEngine:
    """Plays ``script`` for every request and remembers the requests.

    ``cancelled`` counts the answers whose reader left, between two events or during a Pause.
    ``opinion``: the shares of a question's labels, None where it cannot say.
    """

    script: Script = greet
    name: str = "local"
    model: str = "fake-anthropic"
    ready: bool = True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    opinion: Callable[[Question], Sequence[float] | None] = lambda question: None
    questions: list[Question] = field(default_factory=list)
    requests: list[ChatRequest] = field(default_factory=list)
    cancelled: int = 0

    def state(self, request: ChatRequest | None = None) -> EngineState:
        return EngineState(self.ready, "a scripted engine")

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo(self.model, "Scripted engine", Tokens(200_000)),)

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        self.requests.append(request)
        return Tokens(len(request.messages))

    async def weigh(self, question: Question) -> Odds | None:
        self.questions.append(question)
        shares = self.opinion(question) if self.ready else None
        return None if shares is None else Odds(self.model, tuple(shares), 1.0)

    async def stream(
        self, request: ChatRequest, late: Late = nobody
    ) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        try:
            for step in self.script(request):
                match step:
                    case Pause(seconds):
                        await self.sleep(seconds)
                    case Tardy(why):
                        late(why)
                    case CodriverError():
                        raise step
                    case _:
                        yield step
        except (GeneratorExit, asyncio.CancelledError):
            self.cancelled += 1
            raise

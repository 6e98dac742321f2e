"""A loaded model and a request's claim on one; both are changed by the pool only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from edge.engines.llama.engine import LlamaEngine
from edge.engines.llama.names import LocalModel
from edge.engines.llama.residence import Phase, Resident, Wish
from edge.errors import CodriverError


@dataclass(slots=True, eq=False)
class Loaded:
    """A model that takes memory: from the start of its process to the end of it."""

    model: LocalModel
    engine: LlamaEngine
    reason: str
    used_at: float
    phase: Phase = "loading"
    in_flight: int = 0
    life: asyncio.Task[None] | None = None

    @property
    def picture(self) -> Resident:
        return Resident(self.model.id, self.phase, self.in_flight, self.used_at, self.reason)

    @property
    def words(self) -> str:
        """For a person."""
        if self.phase == "ready":
            return f"{self.model.id}: {self.engine.state().reason}"
        return f"{self.model.id} is {self.phase}"


@dataclass(slots=True, eq=False)
class Hold:
    """A request's claim on a model. From when it is granted until it is let go the model is
    not unloaded."""

    wish: Wish
    is_named: bool
    _granted: asyncio.Future[Loaded] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    _waited_for: dict[str, None] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """What it has waited for so far, in order."""
        return "; ".join(self._waited_for)

    @property
    def loaded(self) -> Loaded | None:
        """Where it was granted; None while it waits and when it failed."""
        granted = self._granted
        return granted.result() if granted.done() and granted.exception() is None else None

    def wait_for(self, reason: str) -> None:
        self._waited_for[reason] = None

    def grant(self, loaded: Loaded) -> None:
        self._granted.set_result(loaded)

    def fail(self, error: CodriverError) -> None:
        """``error`` for the one who waits, if anybody still does."""
        self._granted.set_exception(error)
        self._granted.exception()

    async def is_settled(self, unless: asyncio.Future[None] | None = None) -> bool:
        """Wait until it is granted or has failed, or for ``unless``."""
        # A wait leaves the future alone when the waiting task is cancelled.
        awaited: list[asyncio.Future[Any]] = [self._granted]
        if unless is not None:
            awaited.append(unless)
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        return self._granted.done()

    async def engine(self) -> LlamaEngine:
        """The engine, as soon as it may be used. Raises what it failed with."""
        await self.is_settled()
        return self._granted.result().engine

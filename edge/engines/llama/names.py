"""Which model of this box a request means. Pure; used by the pool, filled by app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.engines.frames import Load
from edge.engines.llama.ladder import Rung
from edge.units import Bytes

CLIENTS_OWN = ("claude", "anthropic")
"""Beginnings of the ids that a client asks for unless told otherwise."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model file that can be served here. ``names``: other words for it, in lower case.

    ``coached``: it is small and gets help in acting as an agent. ``beginnings``: the file that
    remembers what it is to read before anybody asks, None for no warm-up. ``memory``: what it
    takes loaded so; ``smaller``: how else it may be loaded.
    """

    id: str
    load: Load
    coached: bool
    names: frozenset[str] = frozenset()
    beginnings: Path | None = None
    memory: Bytes = Bytes(0)
    smaller: tuple[Rung, ...] = ()

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """All ways to load it, the largest first."""
        return (Rung(self.load, self.memory), *self.smaller)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The model that a request means; ``note`` where that is not what it says."""

    model: LocalModel
    is_named: bool
    note: str = ""


class Names:
    """The words of all models. Of two with the same word the first has it; an id wins."""

    def __init__(self, models: Sequence[LocalModel]) -> None:
        self._default = models[0]
        self._known: dict[str, LocalModel] = {}
        for model in models:
            self._known.setdefault(model.id.lower(), model)
        for model in models:
            for name in model.names:
                self._known.setdefault(name, model)

    def meant(self, word: str) -> Meaning:
        """Every word means some model: the default where no other is called so."""
        wanted = word.lower()
        if (model := self._known.get(wanted)) is not None:
            return Meaning(model, is_named=True)
        note = ""
        if not wanted.startswith(CLIENTS_OWN):
            note = f"no model here is called {word}: {self._default.id} answers"
        return Meaning(self._default, is_named=False, note=note)

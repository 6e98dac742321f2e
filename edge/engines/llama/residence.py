"""Which models stay in memory, which come and which leave: pure policy of the pool.

The picture in (who is there, who waits, the time), moves out, a reason with each; same
picture, same moves. Knows no process and no file; whether models fit together is asked of
``fit``. Called by the pool only.

The oldest wish is served first. A model that is there takes its requests at once; one that
is not comes beside the others where they fit together, else in place of the ones that have
been idle for longest. Where only busy ones could make room, a wish waits for their answers,
and after SWAP_PATIENCE they get no new requests until it has been served. While a wish
waits for room no younger one brings another model in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from edge.state import Room
from edge.units import Seconds

SWAP_PATIENCE = Seconds(15.0)
"""How long new requests may go before one that waits for another model. An agent's next turn
follows its tools within seconds, so that a session in the middle of its work keeps its
model for some turns; and who waits is served soon after the client's banner (20 s)."""

Phase = Literal["loading", "ready", "leaving"]
Fit: TypeAlias = Callable[[Sequence[str]], Room]


@dataclass(frozen=True, slots=True)
class Resident:
    """A model that takes memory. ``used_at``: when its last request ended or it came."""

    model: str
    phase: Phase
    in_flight: int = 0
    used_at: float = 0.0
    reason: str = ""
    """Why it was loaded."""

    @property
    def is_busy(self) -> bool:
        return self.phase == "loading" or self.in_flight > 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that waits for its model. ``brief``: it takes milliseconds (a count)."""

    number: int
    model: str
    since: float
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A model to load or to unload, and why."""

    model: str
    reason: str


@dataclass(slots=True)
class Moves:
    """What to do now. ``look_again``: when time alone will change the answer."""

    admit: list[int] = field(default_factory=list)
    load: list[Move] = field(default_factory=list)
    unload: list[Move] = field(default_factory=list)
    waits: dict[int, str] = field(default_factory=dict)
    look_again: float | None = None

    def look_again_at(self, due: float) -> None:
        self.look_again = due if self.look_again is None else min(due, self.look_again)


def decide(
    residents: Sequence[Resident],
    wishes: Sequence[Wish],
    *,
    now: float,
    fit: Fit,
    idle_unload: Seconds | None = None,
) -> Moves:
    """The moves for this picture; ``wishes`` the oldest first.

    ``idle_unload``: how long a model may rest before its memory is given back.
    """
    round_ = _Round(residents, now, fit)
    for wish in wishes:
        round_.serve(wish)
    if idle_unload is not None:
        round_.send_idle_home(idle_unload)
    return round_.moves


def who_counts(
    model: str, default: str, residents: Sequence[Resident], *, crowded: bool, fit: Fit
) -> str:
    """The model whose tokenizer counts for ``model``: its own where that costs no other
    model its place. ``crowded``: somebody waits for room.

    A count is asked for beside a session, often several times in a row, to fill a bar: that
    is no reason to throw another session's model out. Another tokenizer is off by some
    percent, and a prompt that is too long is still refused exactly, when it is sent.
    """
    here = {one.model: one for one in residents if one.phase != "leaving"}
    if model in here:
        return model
    ready = [one for one in here.values() if one.phase == "ready"]
    if not ready or (not crowded and fit([*(one.model for one in residents), model]).fits):
        return model
    return max(ready, key=lambda one: (one.model == default, one.used_at)).model


def is_awaited(model: str, wishes: Sequence[Wish]) -> bool:
    """Whether a request waits for the model that will keep it busy."""
    return any(wish.model == model and not wish.brief for wish in wishes)


class _Round:
    """One look at the picture: it changes as the moves would change it."""

    def __init__(self, residents: Sequence[Resident], now: float, fit: Fit) -> None:
        self._residents = {one.model: one for one in residents}
        self._now = now
        self._fit = fit
        self._closed: dict[str, str] = {}
        """Models that get no new requests, and for whose sake."""
        self._first_in_line: str | None = None
        """The model of the oldest wish that waits for room."""
        self.moves = Moves()

    def serve(self, wish: Wish) -> None:
        one = self._residents.get(wish.model)
        if one is None:
            self._bring(wish)
        elif one.phase != "ready":
            why = f": {one.reason}" if one.phase == "loading" else ""
            self.moves.waits[wish.number] = f"{wish.model} is {one.phase}{why}"
        elif wish.model in self._closed and not wish.brief:
            other = self._closed[wish.model]
            self.moves.waits[wish.number] = f"a request for {other} has waited longer"
        else:
            self._residents[wish.model] = replace(one, in_flight=one.in_flight + 1)
            self.moves.admit.append(wish.number)

    def send_idle_home(self, limit: Seconds) -> None:
        for one in list(self._residents.values()):
            if one.phase != "ready" or one.in_flight:
                continue
            if self._now - one.used_at >= limit:
                self._unload(one.model, f"not used for {limit:g} s")
            else:
                self.moves.look_again_at(one.used_at + limit)

    # --- a model that is not there ----------------------------------------------------------

    def _bring(self, wish: Wish) -> None:
        if self._first_in_line is not None:
            self.moves.waits[wish.number] = f"{self._first_in_line} is waited for first"
            return
        staying = [one for one in self._residents.values() if one.phase != "leaving"]
        if staying and not self._room(staying, wish).fits:
            self._first_in_line = wish.model
            self._make_room(wish, staying)
        elif self._residents and not self._room(self._residents.values(), wish).fits:
            self._first_in_line = wish.model
            gone = _names([one for one in self._residents.values() if one not in staying])
            self.moves.waits[wish.number] = f"{gone} is leaving"
        else:
            self._load(wish, staying)

    def _load(self, wish: Wish, staying: Sequence[Resident]) -> None:
        reason = "asked for, nothing else is loaded"
        if staying:
            words = self._room(staying, wish).reason
            reason = f"asked for, fits beside {_names(staying)}: {words}"
        self.moves.load.append(Move(wish.model, reason))
        self.moves.waits[wish.number] = f"{wish.model} is loading: {reason}"
        self._residents[wish.model] = Resident(
            wish.model, "loading", used_at=self._now, reason=reason
        )

    def _make_room(self, wish: Wish, staying: Sequence[Resident]) -> None:
        leaving = self._victims(wish, staying)
        busy = [one for one in leaving if one.is_busy]
        words = self._room(staying, wish).reason
        if not busy:
            for one in leaving:
                self._unload(one.model, f"{wish.model} is asked for: {words}")
            self.moves.waits[wish.number] = f"it takes the place of {_names(leaving)}: {words}"
            return
        self.moves.waits[wish.number] = f"{_names(busy)} is answering: {words}"
        due = wish.since + SWAP_PATIENCE
        if self._now < due:
            self.moves.look_again_at(due)
        else:
            self._closed |= {one.model: wish.model for one in leaving}

    def _victims(self, wish: Wish, staying: Sequence[Resident]) -> list[Resident]:
        """Who would have to leave: idle ones first, the longest unused first, and nobody
        whose leaving would not help."""
        leaving: list[Resident] = []
        for one in sorted(staying, key=lambda one: (one.is_busy, one.used_at)):
            leaving.append(one)
            if self._fits_without(leaving, wish, staying):
                break
        for one in reversed(leaving):
            fewer = [other for other in leaving if other is not one]
            if fewer and self._fits_without(fewer, wish, staying):
                leaving = fewer
        return leaving

    def _fits_without(
        self, leaving: Sequence[Resident], wish: Wish, staying: Sequence[Resident]
    ) -> bool:
        return self._room([one for one in staying if one not in leaving], wish).fits

    def _unload(self, model: str, reason: str) -> None:
        self._residents[model] = replace(self._residents[model], phase="leaving")
        self.moves.unload.append(Move(model, reason))

    def _room(self, beside: Iterable[Resident], wish: Wish) -> Room:
        return self._fit([*(one.model for one in beside), wish.model])


def _names(residents: Sequence[Resident]) -> str:
    return " and ".join(one.model for one in residents)

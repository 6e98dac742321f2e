"""Whether a draft model pays, and how far it should draft: learnt from measured times; pure.

Its steps and its reading take time that the big model could have used, so it is asked only
where the seconds say that an answer gets faster. Text and what a grammar holds are judged
apart: a draft model knows no grammar. Knows counts and seconds only, no tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edge.engines.worker.pace import PATIENCE, Pace, gained
from edge.units import Seconds

LENGTHS = (1, 3, 7, 11)
"""Lengths of drafts that are weighed. Longer ones than prompt lookup tries would have to be
paid a step of the draft model each; their rows are the same, so each learns of the other."""

LEAST_GAIN = 0.03
"""Of a step's time. Less is not worth the power."""

FIRST_CHANCE = 0.8
"""Taken for the chance of a drafted token until some were judged, and after each rest."""

AT_ONCE_TOKENS = 24
"""Unread tokens that are read along with a draft's first step: what prompt lookup wrote."""

FIRST_STEPS = 3
"""Steps of every answer without the draft model: they tell what one takes now."""

PLAIN_EVERY = 24
"""One step in so many goes without it, for the same reason: contexts grow, boards heat up."""

TRIAL_ROUNDS = 8
"""Drafts after which the time they took is held against the tokens they brought."""

REST_STEPS = 32
"""Steps without it after it did not pay; twice as many each time, up to LONGEST_REST."""

LONGEST_REST = 2048

DOUBT = 0.9
"""What a measured cost is still believed after each rest that it caused: it may have been
taken on a bad day, and nothing else would have it measured again."""

LEAST_READ = 8
"""Tokens that the draft model reads at least when it goes on reading beside an answer."""

_NEW = 0.15
"""Weight of one judged token in this answer's chance, and of a measured time."""

_NEW_IN_MODEL = 0.02
"""Weight of one judged token in the chance that later answers begin with."""

_KEPT = 0.9
"""What a round weighs less after each one that follows."""

Kind: TypeAlias = Literal["text", "calls"]
"""What is being written: freely, or held by a grammar."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds: a step of the big model that writes one token, a step of the draft model, a
    token that it reads, and the big model's step over more rows."""

    plain: float
    drafted: float
    read: float
    rows: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Move:
    """What the draft model does before the next step: reads, drafts, or nothing."""

    read: int = 0
    draft: int = 0


NOTHING = Move()


def best(chance: float, costs: Costs) -> tuple[int, float]:
    """The length that saves most seconds with each token of the answer, and what it saves;
    nothing where drafts of every length lose time."""
    tries = [
        (costs.plain - (costs.rows[n + 1] + n * costs.drafted) / gained(chance, n), n)
        for n in LENGTHS
    ]
    saved, length = max(tries)
    return (length, saved) if saved > LEAST_GAIN * costs.plain else (0, 0.0)


@dataclass(slots=True)
class _Book:
    """What drafts of one kind have brought. What follows ``rounds`` counts, as it does, since
    the last rest, but with fading weight; ``tokens`` are those of the answer."""

    usual: float = FIRST_CHANCE
    chance: float = FIRST_CHANCE
    rounds: int = 0
    drafted: float = 0.0
    accepted: float = 0.0
    tokens: float = 0.0
    seconds: float = 0.0
    rest: int = 0
    next_rest: int = REST_STEPS
    pays: bool | None = None


class Payoff:
    """One draft model's books. Unread tokens are bought like skis: once what was lost without
    them would have paid the reading, so that at worst it costs as much again.

    ``reason`` says in words how it stands, ``on`` whether it was last found worth asking.
    """

    def __init__(self) -> None:
        self._drafted: float | None = None
        self._read: float | None = None
        self._books: dict[Kind, _Book] = {"text": _Book(), "calls": _Book()}
        self._steps = 0
        self._foregone = 0.0
        self._buying = False
        self._belief = 1.0
        self._news: str | None = None
        self.on = False
        self.reason = "nothing was drafted yet"

    # --- what was measured --------------------------------------------------------------------

    def learn_reading(self, tokens: int, took: Seconds) -> None:
        """The draft model read so many tokens in one go."""
        self._read = _mixed(self._read, took / tokens)

    def learn_drafting(self, steps: int, took: Seconds) -> None:
        """So many steps of the draft model took so long."""
        self._drafted = _mixed(self._drafted, took / steps)
        self._belief = 1.0

    def judge(self, kind: Kind, drafted: int, accepted: int, took: Seconds, pace: Pace) -> None:
        """A draft took so long; of its tokens so many were chosen. None drafted: it had no
        token to offer."""
        book = self._books[kind]
        for chosen in (True,) * accepted + (False,) * (accepted < drafted):
            book.chance += _NEW * (chosen - book.chance)
            book.usual += _NEW_IN_MODEL * (chosen - book.usual)
        step, plain = pace.seconds(drafted + 1), pace.seconds(1)
        if not step or not plain:
            return
        book.rounds += 1
        book.drafted = _KEPT * book.drafted + drafted
        book.accepted = _KEPT * book.accepted + accepted
        book.tokens = _KEPT * book.tokens + accepted + 1
        book.seconds = _KEPT * book.seconds + took + step
        if book.rounds >= TRIAL_ROUNDS:
            self._hold_against(kind, book, book.tokens * plain / book.seconds)

    def _hold_against(self, kind: Kind, book: _Book, speed: float) -> None:
        """``speed``: how many times as fast the answer was with it."""
        right = f"{book.accepted:.0f} of the last {book.drafted:.0f} tokens right"
        words = f"{kind} with it {speed:.2f} times as fast, {right}"
        if speed < 1:
            self._rest(book, words)
        else:
            book.next_rest = REST_STEPS
            self._conclude(book, words, pays=True)

    # --- what to do ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Another answer."""
        self._steps = 0
        self._foregone = 0.0
        self._buying = False
        for book in self._books.values():
            book.chance = book.usual

    def move(self, kind: Kind, unread: int, left: int | None, pace: Pace) -> Move:
        """What to do before the next step of the only answer there is, for which prompt lookup
        had nothing. ``unread`` tokens stand between the draft model and the answer's end; at
        most ``left`` more will be written."""
        self._steps += 1
        costs = self._costs(pace)
        if costs is None or self._steps <= FIRST_STEPS or self._steps % PLAIN_EVERY == 0:
            return NOTHING
        book = self._books[kind]
        if self._is_resting(book):
            return NOTHING
        length, saved = best(book.chance, costs)
        if not length:
            self._give_up(kind, book, costs)
            return NOTHING
        self.on = True
        if unread > AT_ONCE_TOKENS:
            return self._reading(unread * costs.read, saved, left, costs)
        self._foregone, self._buying = 0.0, False
        return Move(draft=length if left is None else max(0, min(length, left - 1)))

    def take_news(self) -> str | None:
        """That it began to pay, or ceased to; once."""
        news, self._news = self._news, None
        return news

    def _reading(self, price: float, saved: float, left: int | None, costs: Costs) -> Move:
        self._foregone += saved
        if left is not None and saved * left <= price:
            return NOTHING
        self._buying = self._buying or self._foregone >= price
        if not self._buying:
            return NOTHING
        return Move(read=max(LEAST_READ, int(costs.plain * (PATIENCE - 1) / costs.read)))

    def _is_resting(self, book: _Book) -> bool:
        if book.rest == 0:
            return False
        book.rest -= 1
        if book.rest == 0:
            book.chance = FIRST_CHANCE
            book.rounds = 0
            book.drafted = book.accepted = book.tokens = book.seconds = 0.0
        return True

    def _give_up(self, kind: Kind, book: _Book, costs: Costs) -> None:
        if not book.rounds:
            self._belief *= DOUBT
        if best(1.0, costs)[0]:
            self._rest(book, f"{kind}: {book.chance:.0%} of its tokens right are too few")
            return
        most = LENGTHS[1]
        words = (
            f"{kind}: even right tokens would cost time, a drafted one {_ms(costs.drafted)}"
            f" and a step of {most + 1} {_ms(costs.rows[most + 1])}"
            f" where one of 1 takes {_ms(costs.plain)}"
        )
        self._rest(book, words)

    def _rest(self, book: _Book, words: str) -> None:
        book.rest = book.next_rest
        book.next_rest = min(LONGEST_REST, 2 * book.next_rest)
        self._conclude(book, words, pays=False)

    def _conclude(self, book: _Book, words: str, *, pays: bool) -> None:
        self.on = pays
        self.reason = words
        if book.pays is not pays:
            book.pays = pays
            self._news = f"{'on' if pays else 'off'}: {words}"

    def _costs(self, pace: Pace) -> Costs | None:
        plain = pace.seconds(1)
        if not plain or not self._drafted or not self._read:
            return None
        rows = {
            n + 1: plain + self._belief * max(0.0, (pace.least(n + 1) or plain) - plain)
            for n in LENGTHS
        }
        return Costs(plain, self._belief * self._drafted, self._read, rows)


def _mixed(old: float | None, new: float) -> float:
    return new if old is None else (1 - _NEW) * old + _NEW * new


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

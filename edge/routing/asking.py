"""Whether work is light or heavy, asked of a model of this box where all else leaves a doubt.

The model writes nothing: what counts is how likely it finds the word "heavy" behind the question,
against the word "light". Models lean to one word by themselves, and some tell nothing: each is
first asked for sentences whose kind is known, and its answers are read on that scale. Knows no
model, only somebody who asks it. The router asks only where the decision hangs on it; what is not
told in time is unknown.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from statistics import fmean, median, pvariance
from typing import Protocol, runtime_checkable

from edge.engines.base import Odds, Question
from edge.errors import CodriverError
from edge.routing.features import Answer, Features
from edge.routing.need import TIERS, Table, Tier, prose, subject
from edge.units import Seconds

log = logging.getLogger(__name__)

PATIENCE = Seconds(1.5)
"""A person waits for it, and what it can save is a little money."""

MOST_ASKED = 480
"""Characters of the person's own words, half from each end: 200 tokens at most in most texts."""

EXAMPLES = 4
"""Sentences of each kind that stand in the question with their answers, evenly chosen: without
any a small model cannot tell the kinds apart, and all of them have to be read once."""

EVERY = 3
"""One in so many of the other sentences is asked for to learn a model's scale."""

LEAST_HEARD = 0.05
"""Of the next word's probability, what has to fall on the two words; a model that wants to say
something else has not answered."""

LEAST_SPREAD = 0.1
"""Nats between answers to sentences of one kind that are taken for chance at least."""

MOST_KEPT = 1_024
"""Answers, by their texts' digests: a task's tools make many requests of the same words."""

LOOK_AGAIN = Seconds(30.0)
"""When a model that could not be asked for its scale is tried again; twice as late each time."""
LATEST = Seconds(3600.0)
"""And at the latest; where none that was asked is fit, another is looked for as often."""


@runtime_checkable
class Asker(Protocol):
    """The models of this box, or a stand-in."""

    async def weigh(self, question: Question) -> Odds | None:
        """None where it cannot be told now."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What a model's answers mean. ``middle``: its leaning to heavy, in nats, where both kinds are
    as likely; ``slope``: how much one nat more says; ``seconds``: what an answer takes;
    ``heard``: how likely it says one of the two words at all."""

    middle: float
    slope: float
    seconds: float = 0.0
    heard: float = 1.0

    @property
    def is_telling(self) -> bool:
        return self.slope > 0

    def heavy(self, leaning: float) -> float:
        """How likely the work is heavy."""
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, self.slope * (leaning - self.middle)))))


def scale_of(
    light: Sequence[float], heavy: Sequence[float], seconds: float = 0.0, heard: float = 1.0
) -> Scale:
    """By a model's leanings for sentences of both kinds. One that takes them for the wrong kind,
    or cannot tell them apart, gets a slope of 0 or nearly so: it is never sure."""
    apart = fmean(heavy) - fmean(light)
    chance = max(LEAST_SPREAD**2, (pvariance(light) + pvariance(heavy)) / 2)
    return Scale((fmean(light) + fmean(heavy)) / 2, max(0.0, apart) / chance, seconds, heard)


def question(text: str, table: Table) -> Question:
    """What a model is asked of the person's own words."""
    light, heavy = _spread(table.light), _spread(table.heavy)
    turns = zip(light, heavy, strict=True)
    examples = tuple((one, tier) for turn in turns for one, tier in zip(turn, TIERS, strict=True))
    return Question(table.question, prose(text, MOST_ASKED), TIERS, examples)


def known_sentences(table: Table) -> tuple[tuple[Tier, str], ...]:
    """What a model's scale is learned by: sentences that are no examples, and their kind."""
    found: list[tuple[Tier, str]] = []
    for tier, sentences in zip(TIERS, (table.light, table.heavy), strict=True):
        examples = _spread(sentences)
        found += [(tier, one) for one in sentences if one not in examples][::EVERY]
    return tuple(found)


def _spread(sentences: Sequence[str]) -> list[str]:
    return [sentences[at * len(sentences) // EXAMPLES] for at in range(EXAMPLES)]


class Asking:
    """One per daemon; ``run`` has to run. ``clock`` is monotonic."""

    def __init__(
        self,
        asker: Asker,
        table: Table,
        *,
        patience: Seconds = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._asker = asker
        self._table = table
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._scales: dict[str, Scale] = {}
        self._learnt_at = clock()
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()
        self._wanted = asyncio.Event()
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled: learns the scale of every model that is asked."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.learn()

    async def learn(self) -> None:
        """Ask for sentences whose kind is known until a model has answered all of them."""
        delay = LOOK_AGAIN
        while (found := await self._tried()) is None:
            await self._sleep(delay)
            delay = Seconds(min(LATEST, 2 * delay))
        model, scale = found
        self._scales[model], self._learnt_at = scale, self._clock()
        log.info("%s can be asked whether work is heavy: %s", model, self._unfit(scale) or "yes")

    def _unfit(self, scale: Scale) -> str:
        """Why a model is not asked; empty where it is."""
        if scale.heard < LEAST_HEARD:
            return "no, it wants to say something else"
        if not scale.is_telling:
            return "no, it does not tell sentences of both kinds apart"
        if scale.seconds > self._patience:
            return f"no, an answer takes {scale.seconds:.1f} s"
        return ""

    async def _tried(self) -> tuple[str, Scale] | None:
        """A model and its scale; None where it was needed for something else meanwhile."""
        answers: dict[str, list[float]] = {tier: [] for tier in TIERS}
        models, times, heard = set(), [], []
        for tier, sentence in known_sentences(self._table):
            began = self._clock()
            odds = await self._odds(sentence)
            if odds is None:
                return None
            times.append(self._clock() - began)
            models.add(odds.model)
            heard.append(odds.heard)
            answers[tier].append(_leaning(odds))
        if len(models) > 1:
            return None
        light, heavy = (answers[tier] for tier in TIERS)
        return models.pop(), scale_of(light, heavy, median(times), median(heard))

    async def known(self, features: Features) -> Features:
        """The same with its answer, empty if that was not told in time."""
        text = subject(features, self._table)
        if not text.strip():
            return replace(features, answer=Answer())
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        answer = self._kept.get(key)
        if answer is None:
            answer = await self._in_time(text, key)
        return replace(features, answer=answer)

    async def _in_time(self, text: str, key: bytes) -> Answer:
        answer = Answer()
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._answered(text)
        except TimeoutError:
            log.info("no answer within %g s: it counts as unknown", self._patience)
            self._keep(key, answer)  # it would take as long again
        if answer.heavy is not None:
            self._keep(key, answer)
        return answer

    def _keep(self, key: bytes, answer: Answer) -> None:
        self._kept[key] = answer
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    async def _answered(self, text: str) -> Answer:
        # Without a scale an answer tells nothing.
        if all(self._unfit(scale) for scale in self._scales.values()):
            if self._clock() - self._learnt_at >= LATEST:
                self._wanted.set()  # another model may be there by now
            return Answer()
        odds = await self._odds(text)
        if odds is None or odds.heard < LEAST_HEARD:
            return Answer()
        scale = self._scales.get(odds.model)
        if scale is None:
            self._wanted.set()
            return Answer(odds.model)
        return Answer(odds.model, scale.heavy(_leaning(odds)))

    async def _odds(self, text: str) -> Odds | None:
        try:
            return await self._asker.weigh(question(text, self._table))
        except CodriverError as error:
            log.info("a model was asked what kind of work it is: %s", error)
            return None


def _leaning(odds: Odds) -> float:
    """To heavy, in nats."""
    light, heavy = (max(share, 1e-9) for share in odds.shares)
    return math.log(heavy / light)

"""The models of this box as one engine: which of them are in memory, and who waits.

The single writer of what is loaded: every request asks here (``ensure_ready``), and
``_settle`` alone acts on what the policy (residence.py) says. Each loaded model is a
LlamaEngine. Knows no catalogue and no board: the models, and whether they fit together, are
handed in by the composition root, which runs it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace

from edge.chat import ChatRequest, Event, Failed, Started, Usage
from edge.engines.base import Late, ModelInfo, Odds, Question, nobody
from edge.engines.frames import Load, Ready
from edge.engines.llama.alarms import Alarm, Alarms
from edge.engines.llama.claims import Hold, Loaded
from edge.engines.llama.engine import TIME_IS_OVER, LlamaEngine
from edge.engines.llama.ladder import UNKNOWN, Ladder, Readings
from edge.engines.llama.link import WorkerLink
from edge.engines.llama.names import LocalModel, Meaning, Names
from edge.engines.llama.residence import Fit, Move, Wish, decide, is_awaited, who_counts
from edge.engines.llama.totals import Totals
from edge.engines.llama.warmth import Warmth
from edge.errors import (
    CodriverError,
    EngineError,
    ModelNotLoaded,
    ModelUnusable,
    Overloaded,
    ShuttingDown,
    TimedOut,
)
from edge.state import EngineState
from edge.units import Seconds, Tokens

log = logging.getLogger(__name__)

MAX_WAITING = 32
"""Requests that may wait for a model to be loaded; one more is told to come back."""

BEGIN_AFTER = Seconds(5.0)
"""A streamed request that has waited so long for its model is begun, so that its client gets
pings; until then a failed load is still a status that other engines can make good."""

LOAD_AGAIN_AFTER = Seconds(15.0)
"""How long a failed load is believed; a client that tries again must not cost a load a try."""

LEAVING_SECONDS = Seconds(15.0)
"""What a worker without work gets to write its last blocks and leave; then it is ended."""


class ModelPool:
    """Engine over the models of this box, the default first. ``run`` has to be running.

    ``fit`` tells whether models, by their ids, can be in memory together; ``idle_unload`` is
    how long one may rest there, None for ever. ``clock`` is monotonic.
    """

    name = "local"

    def __init__(
        self,
        models: Sequence[LocalModel],
        fit: Fit,
        *,
        spawn: Callable[[Load], Awaitable[WorkerLink]],
        readings: Readings = UNKNOWN,
        idle_unload: Seconds | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._models = {model.id: model for model in models}
        self._names = Names(models)
        self._default = models[0]
        self._ladders = {model.id: Ladder(model.rungs, readings) for model in models}
        self._to_shrink: dict[str, str] = {}
        self._fit = fit
        self._spawn = spawn
        self._idle_unload = idle_unload
        self._clock = clock
        self._sleep = sleep
        self._alarms = Alarms(sleep)
        self._tasks: asyncio.TaskGroup | None = None
        self._loaded: dict[str, Loaded] = {}
        self._waiting: dict[int, Hold] = {}
        self._failures: dict[str, tuple[float, str]] = {}
        self._numbers = itertools.count(1)
        self._look_again: tuple[float, Alarm] | None = None
        self._totals = Totals()
        self._loads = 0
        self._draining = False

    # --- life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled; then no worker is left."""
        async with self._alarms.running(), asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                self._settle()
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None
                self._fail_waiting()

    async def wait_ready(self) -> Ready:
        """Load the default model. Raises ModelUnusable."""
        hold = self.ensure_ready(self._default, is_named=True, brief=True)
        try:
            return await (await hold.engine()).wait_ready()
        except (EngineError, ModelNotLoaded):
            raise ModelUnusable(self._failures[self._default.id][1]) from None
        finally:
            self.let_go(hold)

    async def drain(self, deadline: Seconds) -> None:
        """Let the answers that run finish, at most so long, then end every worker."""
        self._draining = True
        self._fail_waiting()
        async with asyncio.TaskGroup() as tasks:
            for loaded in self._loaded.values():
                tasks.create_task(loaded.engine.drain(deadline))

    # --- the Engine protocol ----------------------------------------------------------------

    def state(self, request: ChatRequest | None = None) -> EngineState:
        default = self._loaded.get(self._default.id)
        crashed = default is not None and default.phase == "ready" and not default.engine.is_ready
        failure = self._failure(self._default)
        words = [loaded.words for loaded in self._loaded.values()]
        if failure is not None:
            words.append(f"{self._default.id} cannot be loaded: {failure}")
        elif default is None:
            words.append(f"{self._default.id} is loaded when it is asked for")
        if self._waiting:
            words.append(f"{len(self._waiting)} requests wait for a model")
        return EngineState(
            ready=not (self._draining or crashed or failure),
            reason="; ".join(words),
            measures=tuple(self._measures().items()),
        )

    def models(self) -> tuple[ModelInfo, ...]:
        return tuple(self._info(model) for model in self._models.values())

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        """By the model's own tokenizer, or by another's where loading it would throw a model
        out (residence.who_counts)."""
        with self._holding(self._counter(request.model), request, brief=True) as hold:
            return await (await hold.engine()).count_tokens(request)

    async def stream(
        self, request: ChatRequest, late: Late = nobody
    ) -> AsyncGenerator[Event, None]:
        meaning = self._names.meant(request.model)
        begun = False
        try:
            with self._holding(meaning, request) as hold:
                if request.stream and not await self._is_settled_soon(hold):
                    begun = True
                    yield Started(request.model, Usage(), _joined(meaning.note, hold.reason))
                engine = await hold.engine()
                async with aclosing(engine.stream(self._timed(request, hold))) as events:
                    async for event in events:
                        if not isinstance(event, Started):
                            yield event
                        elif not begun:
                            begun = True
                            yield replace(event, reason=_joined(meaning.note, hold.reason))
        except CodriverError as error:
            if not begun:
                raise
            yield Failed(error)

    async def weigh(self, question: Question) -> Odds | None:
        """By a model that is loaded and has nothing to do, the default before others; None where
        there is none, or any model is at work: they share the processor. It keeps no model
        loaded, and has none loaded."""
        resting = self._resting()
        return None if resting is None else await resting.engine.weigh(question)

    def _resting(self) -> Loaded | None:
        here = list(self._loaded.values())
        if self._draining or self._waiting or any(one.picture.is_busy for one in here):
            return None
        ready = [one for one in here if one.phase == "ready" and one.engine.is_ready]
        default = self._default.id
        return max(ready, key=lambda one: (one.model.id == default, one.used_at), default=None)

    def relieve(self, reason: str) -> str:
        """Give memory back: the model that has rested longest beside another, else a part of one
        that is loaded, once nobody uses it. What is done, in words; empty where there is nothing
        to give."""
        if self._tasks is None:
            return ""
        here = sorted(
            (one for one in self._loaded.values() if one.phase == "ready"),
            key=lambda one: one.used_at,
        )
        resting = [one for one in here if not one.in_flight and one.model.id not in self._to_shrink]
        if len(here) > 1 and resting:
            self._unload(Move(resting[0].model.id, reason), self._tasks)
            return f"{resting[0].model.id} is unloaded"
        for one in here:
            if one.model.id not in self._to_shrink and self._ladders[one.model.id].step_down(
                reason
            ):
                self._to_shrink[one.model.id] = reason
                self._settle()
                return f"{one.model.id} gets less context, as soon as nobody uses it"
        return ""

    # --- claims -----------------------------------------------------------------------------

    def ensure_ready(
        self, model: LocalModel, *, is_named: bool = False, brief: bool = False
    ) -> Hold:
        """A claim on a model, which is loaded as soon as it may be, once for all claims. Each
        has to be let go. Raises Overloaded, ShuttingDown, and why a load has just failed."""
        if self._draining:
            raise _stopping()
        if len(self._waiting) >= MAX_WAITING:
            raise Overloaded(f"{MAX_WAITING} requests are waiting for a model; try again")
        wanted, failure = model, self._failure(model)
        if failure is not None:
            model = model if is_named else self._instead(model)
            if model is wanted:
                raise _not_loaded(model, failure, is_named=is_named)
        hold = Hold(Wish(next(self._numbers), model.id, self._clock(), brief), is_named)
        if failure is not None:
            hold.wait_for(f"{wanted.id} cannot be loaded: {failure}")
        self._waiting[hold.wish.number] = hold
        self._settle()
        return hold

    def let_go(self, hold: Hold) -> None:
        """The request is over, whether or not its claim was ever granted."""
        self._waiting.pop(hold.wish.number, None)
        if (loaded := hold.loaded) is not None:
            loaded.in_flight -= 1
            loaded.used_at = self._clock()
        self._settle()

    @contextmanager
    def _holding(
        self, meaning: Meaning, request: ChatRequest, *, brief: bool = False
    ) -> Iterator[Hold]:
        """A claim for as long as the block lasts; the request's own time may end its wait."""
        hold = self.ensure_ready(meaning.model, is_named=meaning.is_named, brief=brief)
        alarm = None
        if request.deadline is not None and hold.loaded is None:
            late = TimedOut(TIME_IS_OVER)
            alarm = self._alarms.set(request.deadline, lambda: self._fail(hold, late))
        try:
            yield hold
        finally:
            if alarm is not None:
                alarm.cancel()
            self.let_go(hold)

    async def _is_settled_soon(self, hold: Hold) -> bool:
        if hold.loaded is not None:
            return True
        bell: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self._alarms.set(BEGIN_AFTER, lambda: bell.set_result(None))
        try:
            return await hold.is_settled(unless=bell)
        finally:
            alarm.cancel()

    def _timed(self, request: ChatRequest, hold: Hold) -> ChatRequest:
        """The request with the time that its wait has left it."""
        if request.deadline is None:
            return request
        left = request.deadline - (self._clock() - hold.wish.since)
        return replace(request, deadline=Seconds(max(0.0, left)))

    def _fail(self, hold: Hold, error: CodriverError) -> None:
        """Nothing where it has been granted or has failed."""
        if self._waiting.pop(hold.wish.number, None) is not None:
            hold.fail(error)
            self._settle()

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for hold in waiting.values():
            hold.fail(_stopping())

    # --- the one place that loads and unloads -----------------------------------------------

    def _settle(self) -> None:
        """Act on the policy; called whenever the picture has changed."""
        if self._tasks is None or self._draining:
            return
        self._shrink(self._tasks)
        moves = decide(
            [loaded.picture for loaded in self._loaded.values()],
            [hold.wish for hold in self._waiting.values()],
            now=self._clock(),
            fit=self._fit,
            idle_unload=self._idle_unload,
        )
        for number, reason in moves.waits.items():
            self._waiting[number].wait_for(reason)
        for number in moves.admit:
            self._grant(self._waiting.pop(number))
        for move in moves.unload:
            self._unload(move, self._tasks)
        for move in moves.load:
            self._load(move, self._tasks)
        self._wake_at(moves.look_again)

    def _shrink(self, tasks: asyncio.TaskGroup) -> None:
        """Unload what is to come back smaller, as soon as nobody uses it."""
        for model, reason in list(self._to_shrink.items()):
            loaded = self._loaded.get(model)
            if loaded is None or loaded.phase == "leaving":
                del self._to_shrink[model]
            elif loaded.phase == "ready" and not loaded.in_flight:
                del self._to_shrink[model]
                self._unload(Move(model, reason), tasks)

    def _grant(self, hold: Hold) -> None:
        loaded = self._loaded[hold.wish.model]
        loaded.in_flight += 1
        hold.grant(loaded)

    def _load(self, move: Move, tasks: asyncio.TaskGroup) -> None:
        log.info("loading %s: %s", move.model, move.reason)
        model = self._models[move.model]
        engine = LlamaEngine(
            model.id,
            self._ladders[model.id],
            coached=model.coached,
            spawn=self._spawn,
            sleep=self._sleep,
            warmth=Warmth(model.beginnings),
            is_awaited=lambda: is_awaited(model.id, [h.wish for h in self._waiting.values()]),
        )
        loaded = self._loaded[model.id] = Loaded(model, engine, move.reason, self._clock())
        self._loads += 1
        loaded.life = tasks.create_task(self._live(loaded), name=f"model {model.id}")

    def _unload(self, move: Move, tasks: asyncio.TaskGroup) -> None:
        log.info("unloading %s: %s", move.model, move.reason)
        loaded = self._loaded[move.model]
        loaded.phase = "leaving"
        tasks.create_task(self._see_off(loaded), name=f"unloading {move.model}")

    def _wake_at(self, due: float | None) -> None:
        if self._look_again is not None:
            if self._look_again[0] == due:
                return
            self._look_again[1].cancel()
            self._look_again = None
        if due is not None:
            after = Seconds(max(0.0, due - self._clock()))
            self._look_again = due, self._alarms.set(after, self._wake)

    def _wake(self) -> None:
        self._look_again = None
        self._settle()

    async def _live(self, loaded: Loaded) -> None:
        """From the load to the end of the model's process."""
        try:
            async with asyncio.TaskGroup() as tasks:
                life = tasks.create_task(loaded.engine.run())
                try:
                    self._came(loaded, await loaded.engine.wait_ready())
                except ModelUnusable as error:
                    life.cancel()
                    self._load_failed(loaded, str(error))
        finally:
            self._totals.retire(loaded.engine.state().measures)
            del self._loaded[loaded.model.id]
            self._settle()

    def _came(self, loaded: Loaded, ready: Ready) -> None:
        log.info("loaded %s in %.1f s", loaded.model.id, ready.load_seconds)
        loaded.phase = "ready"
        loaded.used_at = self._clock()
        self._settle()

    def _load_failed(self, loaded: Loaded, why: str) -> None:
        model = loaded.model
        loaded.phase = "leaving"
        log.error("%s cannot be loaded: %s", model.id, why)
        self._failures[model.id] = self._clock(), why
        instead = self._instead(model)
        for hold in [one for one in self._waiting.values() if one.wish.model == model.id]:
            if hold.is_named or instead is model:
                self._fail(hold, _not_loaded(model, why, is_named=hold.is_named))
            else:
                hold.wait_for(f"{model.id} cannot be loaded: {why}")
                hold.wish = replace(hold.wish, model=instead.id)

    def _instead(self, model: LocalModel) -> LocalModel:
        """The best model that takes less memory at its smallest, for who did not insist; the
        model itself where there is none."""
        least = model.rungs[-1].memory
        fine = (one for one in self._models.values() if self._failure(one) is None)
        return next((one for one in fine if one.rungs[-1].memory < least), model)

    async def _see_off(self, loaded: Loaded) -> None:
        """End a worker that has no requests; by force if it does not go."""
        assert loaded.life is not None  # noqa: S101 - set before anything could unload it
        alarm = self._alarms.set(LEAVING_SECONDS, loaded.life.cancel)
        await loaded.engine.drain(Seconds(0.0))
        await asyncio.wait({loaded.life})
        alarm.cancel()

    # --- what others may know ---------------------------------------------------------------

    def _failure(self, model: LocalModel) -> str | None:
        """Why its last load failed, while that is believed."""
        at, why = self._failures.get(model.id, (0.0, ""))
        return why if why and self._clock() - at < LOAD_AGAIN_AFTER else None

    def _counter(self, word: str) -> Meaning:
        meaning = self._names.meant(word)
        residents = [loaded.picture for loaded in self._loaded.values()]
        model = who_counts(
            meaning.model.id,
            self._default.id,
            residents,
            crowded=bool(self._waiting),
            fit=self._fit,
        )
        if model != meaning.model.id:
            log.info("%s counts for %s, which has no room beside it", model, meaning.model.id)
        return replace(meaning, model=self._models[model])

    def _info(self, model: LocalModel) -> ModelInfo:
        loaded = self._loaded.get(model.id)
        if loaded is not None and loaded.engine.is_ready:
            return replace(loaded.engine.models()[0], names=model.names)
        context = Tokens(model.load.n_ctx)
        return ModelInfo(model.id, f"{model.id} (codriver)", context, names=model.names)

    def _measures(self) -> dict[str, float]:
        here = [loaded for loaded in self._loaded.values() if loaded.phase == "ready"]
        return {
            "models_loaded": float(len(here)),
            "model_loads_total": float(self._loads),
            "requests_waiting_for_model": float(len(self._waiting)),
            **self._totals.sum(loaded.engine.state().measures for loaded in self._loaded.values()),
        }


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word)


def _stopping() -> ShuttingDown:
    return ShuttingDown("the box is stopping and takes no new requests")


def _not_loaded(model: LocalModel, why: str, *, is_named: bool) -> CodriverError:
    """For a model that was named no other engine could do, and the client need not insist."""
    sentence = f"the model {model.id} cannot be loaded: {why}"
    if is_named:
        return ModelNotLoaded(f"{sentence}; /v1/models lists what else there is")
    return EngineError(sentence)

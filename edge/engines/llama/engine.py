"""The llama engine: turns requests into worker frames and worker frames into events.

Owns the worker's life (start, crash, restart with back-off, end) and the requests in
flight; it is their only writer. Knows no HTTP and no llama.cpp.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import msgspec

from edge.chat import ChatRequest, Event, Failed
from edge.engines.base import Late, ModelInfo, Odds, Question, nobody
from edge.engines.frames import (
    Cancel,
    Count,
    Counted,
    FromWorker,
    Load,
    Note,
    Ready,
    Refused,
    Stats,
    Stop,
    ToWorker,
    Unusable,
    Warm,
    Warmed,
    Weighed,
)
from edge.engines.llama.alarms import Alarms
from edge.engines.llama.answer import Answer, refusal
from edge.engines.llama.ladder import Ladder
from edge.engines.llama.link import WorkerLink
from edge.engines.llama.request import generate_frame, prompt_frame, question_frame
from edge.engines.llama.warmth import Warmth
from edge.errors import (
    CodriverError,
    EngineError,
    ModelUnusable,
    Overloaded,
    ShuttingDown,
    TimedOut,
    WorkerCrashed,
)
from edge.state import EngineState
from edge.units import Seconds, Tokens

log = logging.getLogger(__name__)

MAX_IN_FLIGHT = 32
"""Requests that may wait for the worker; one more is told to come back."""

BACKOFF_FIRST = Seconds(0.5)
BACKOFF_LAST = Seconds(30.0)
"""A worker that dies at once on every start must not burn the battery."""

TIME_IS_OVER = "the time that the request allows (x-codriver-deadline) is over"

_Mailbox = asyncio.Queue[FromWorker | CodriverError | None]
"""What a request waits for: frames, the end of its time, or None when the worker is gone."""


class LlamaEngine:
    """Engine over one worker process. ``run`` has to be running for it to answer.

    ``coached``: the model is small and gets help in acting as an agent. ``clock`` tells
    templates the date, in seconds since the epoch. ``warmth``: what an idle worker reads first,
    unless a request ``is_awaited`` as soon as it is ready. ``ladder``: how much of it each worker
    loads.
    """

    name = "local"

    def __init__(
        self,
        model_id: str,
        ladder: Ladder,
        *,
        coached: bool,
        spawn: Callable[[Load], Awaitable[WorkerLink]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        warmth: Warmth | None = None,
        is_awaited: Callable[[], bool] = lambda: False,
    ) -> None:
        self._model_id = model_id
        self._ladder = ladder
        self._coached = coached
        self._spawn = spawn
        self._sleep = sleep
        self._alarms = Alarms(sleep)
        self._clock = clock
        self._warmth = warmth or Warmth()
        self._is_awaited = is_awaited
        self._link: WorkerLink | None = None
        self._loaded: Ready | None = None
        self._measures: dict[str, float] = {}
        self._mailboxes: dict[int, _Mailbox] = {}
        self._ids = itertools.count(1)
        self._reason = "the model is being loaded"
        self._unusable: str | None = None
        self._first_load: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    # --- life -------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep a worker alive until cancelled or drained, or killed for its size at its smallest.

        One that had come up is started again soon; one that dies while it loads, later
        each time.
        """
        try:
            async with self._alarms.running(), self._warmth.remembering():
                await self._keep_alive()
        finally:
            self._give_up_loading("stopped")

    async def _keep_alive(self) -> None:
        delay = BACKOFF_FIRST
        while not self._is_ending():
            came_up, ending = await self._live_once()
            if self._is_ending():
                return
            delay = BACKOFF_FIRST if came_up else delay
            if self._ladder.is_exhausted:
                log.error("worker ended (%s)", ending)
                return
            log.warning("worker ended (%s); starting it again in %.1f s", ending, delay)
            await self._sleep(delay)
            delay = min(BACKOFF_LAST, Seconds(2 * delay))

    async def _live_once(self) -> tuple[bool, str]:
        """One worker's life: whether it came up, and how it ended. Nobody waits for it after."""
        self._unusable = None
        try:
            link = await self._spawn(await self._ladder.begin())
        except ModelUnusable as error:
            self._refuse_load(error)
            self._abandon(str(error))
            return False, str(error)
        except OSError as error:
            ending = f"its process cannot be started: {error.strerror or error}"
            self._abandon(ending)
            self._give_up_loading(ending)
            return False, ending
        try:
            came_up = await self._serve(link)
        finally:
            self._link = None
            ending = "stopped"
            try:
                ending = await link.close()
            finally:
                ending = self._unusable or ending
                self._abandon(ending)
        words = "" if self._is_ending() else await self._ladder.ended()
        if not words or self._ladder.is_exhausted:
            self._give_up_loading(ending)
        return came_up, f"{ending}; {words}" if words else ending

    def _is_ending(self) -> bool:
        """Asked anew after every wait, in which a drain may have begun."""
        return self._draining

    async def wait_ready(self) -> Ready:
        """The first load's outcome. Raises ModelUnusable."""
        return await asyncio.shield(self._first_load)

    async def drain(self, deadline: Seconds) -> None:
        """Let the requests in flight finish, at most so long, then end the worker."""
        self._draining = True
        try:
            async with asyncio.timeout(deadline):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d requests were cut at the deadline", len(self._mailboxes))
        if self._link is not None:
            self._link.send(Stop())

    async def _serve(self, link: WorkerLink) -> bool:
        """Read the worker's frames until it is gone; True if it had come up."""
        self._link, came_up = link, False
        async for frame in link.incoming():
            match frame:
                case Ready():
                    came_up = True
                    self._came_up(frame)
                case Unusable(message):
                    self._unusable = message
                    self._refuse_load(ModelUnusable(message))
                case Warmed():
                    self._warmth.heard(frame)
                case Stats(measures):
                    self._measures = measures
                case Note(text):
                    log.info("%s", text)
                case _:
                    mailbox = self._mailboxes.get(frame.id)
                    if mailbox is not None:
                        mailbox.put_nowait(frame)
        return came_up

    def _came_up(self, frame: Ready) -> None:
        self._loaded = frame
        why = f" ({self._ladder.reason})" if self._ladder.reason else ""
        self._reason = f"{frame.description}, {frame.n_ctx} tokens of context{why}"
        if not self._first_load.done():
            self._first_load.set_result(frame)
        self._warm_up()

    def _warm_up(self) -> None:
        if self._mailboxes or self._draining or self._is_awaited():
            return
        prompt = self._warmth.came_up()
        if prompt is not None:
            prompt = msgspec.structs.replace(prompt, now=self._clock())
            self._send(Warm(next(self._ids), prompt))

    def _refuse_load(self, error: ModelUnusable) -> None:
        self._reason = str(error)
        if not self._first_load.done():
            self._first_load.set_exception(error)
            self._first_load.exception()

    def _abandon(self, ending: str) -> None:
        """The worker is gone: every request in flight gets one clean error."""
        self._loaded = None
        self._warmth.lost()
        self._reason = f"the worker ended ({ending}) and is being restarted"
        for mailbox in self._mailboxes.values():
            mailbox.put_nowait(None)

    def _give_up_loading(self, ending: str) -> None:
        """Tell who waits for the first load that it has failed, if it has not succeeded."""
        if not self._first_load.done():
            self._refuse_load(ModelUnusable(_died_loading(self._ladder.path, ending)))

    # --- the Engine protocol ----------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        return self._loaded is not None and not self._draining

    def state(self, request: ChatRequest | None = None) -> EngineState:
        return EngineState(
            ready=self.is_ready,
            reason=self._reason,
            measures=tuple(self._measures.items()),
        )

    def models(self) -> tuple[ModelInfo, ...]:
        loaded = self._loaded
        return (
            ModelInfo(
                id=self._model_id,
                display_name=f"{self._model_id} (codriver)",
                context=Tokens(loaded.n_ctx) if loaded else None,
                vision=loaded.vision if loaded else False,
            ),
        )

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        number, mailbox = self._admit()
        try:
            prompt = prompt_frame(request, coached=self._coached, now=self._clock())
            self._send(Count(number, prompt))
            match await _heard(mailbox, "counted"):
                case Counted(_, tokens):
                    return Tokens(tokens)
                case Refused() as frame:
                    raise refusal(frame)
                case frame:
                    raise EngineError(f"the worker answered a count with {type(frame).__name__}")
        finally:
            self._dismiss(number)

    async def stream(
        self, request: ChatRequest, late: Late = nobody
    ) -> AsyncGenerator[Event, None]:
        number, mailbox = self._admit()
        answer = Answer(request.model, os.urandom)
        try:
            now = self._clock()
            order = generate_frame(number, request, coached=self._coached, now=now)
            self._warmth.saw(order.prompt)
            self._send(order)
            with self._deadline(mailbox, request.deadline):
                while not answer.ended:
                    for event in answer.read(await _heard(mailbox, "answered")):
                        yield event
        except CodriverError as error:
            if not answer.started:
                raise
            yield Failed(error)
        finally:
            if not answer.ended:
                self._send(Cancel(number))
            self._dismiss(number)

    async def weigh(self, question: Question) -> Odds | None:
        """One look at what the model would say next; None where it cannot be had now.

        It is asked while nothing else is asked of it: beside an answer a question costs that
        answer's client more than it tells, and a box that is at work is no place for more.
        """
        if not self.is_ready or self._mailboxes or self._warmth.is_under_way:
            return None
        number, mailbox = self._admit()
        has_ended = False
        try:
            self._send(question_frame(number, question, now=self._clock()))
            frame = await _heard(mailbox, "was asked a question")
            has_ended = True
            return self._odds(frame)
        except WorkerCrashed as error:
            log.info("%s", error)
            return None
        finally:
            if not has_ended:
                self._send(Cancel(number))
            self._dismiss(number)

    def _odds(self, frame: FromWorker) -> Odds | None:
        match frame:
            case Weighed(_, shares, heard):
                return Odds(self._model_id, tuple(shares), heard)
            case Refused(_, _, message):
                log.info("%s was asked a question and cannot say: %s", self._model_id, message)
                return None
            case _:
                raise EngineError(f"the worker answered a question with {type(frame).__name__}")

    # --- requests in flight -----------------------------------------------------------

    def _admit(self) -> tuple[int, _Mailbox]:
        if len(self._mailboxes) >= MAX_IN_FLIGHT:
            raise Overloaded(f"{MAX_IN_FLIGHT} requests are waiting for the local model; try again")
        if not self.is_ready:
            raise self._not_ready()
        number, mailbox = next(self._ids), _Mailbox()
        self._mailboxes[number] = mailbox
        self._idle.clear()
        return number, mailbox

    @contextmanager
    def _deadline(self, mailbox: _Mailbox, after: Seconds | None) -> Iterator[None]:
        """Let the request's own time end inside the block; what came before it counts."""
        if after is None:
            yield
            return
        alarm = self._alarms.set(after, lambda: mailbox.put_nowait(TimedOut(TIME_IS_OVER)))
        try:
            yield
        finally:
            alarm.cancel()

    def _dismiss(self, number: int) -> None:
        self._mailboxes.pop(number, None)
        if not self._mailboxes:
            self._idle.set()

    def _not_ready(self) -> CodriverError:
        if self._draining:
            return ShuttingDown("the box is stopping and takes no new requests")
        return WorkerCrashed(f"the local model cannot answer now: {self._reason}")

    def _send(self, message: ToWorker) -> None:
        if self._link is not None:
            self._link.send(message)


async def _heard(mailbox: _Mailbox, doing: str) -> FromWorker:
    """The worker's next frame. Raises WorkerCrashed when it is gone, TimedOut in the end."""
    match await mailbox.get():
        case None:
            raise WorkerCrashed(f"the model's process died while it {doing}; try again")
        case CodriverError() as error:
            raise error
        case frame:
            return frame


def _died_loading(path: str, ending: str) -> str:
    return (
        f"the worker died while it loaded {path} ({ending}); if the kernel killed it, the model "
        "is larger than the memory left: take a smaller one or a smaller --context"
    )

"""The inference thread: takes prepared jobs one after another and runs llama.cpp.

Nothing else may run on this thread; it knows no sockets and no templates. Jobs come
through ``submit``, frames go out through the callback it was given.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.engines.frames import (
    Done,
    EndReason,
    FromWorker,
    Reading,
    Refused,
    SamplingValues,
    Seated,
)
from edge.engines.worker.cycles import CycleWatch
from edge.engines.worker.native import Context, Model
from edge.engines.worker.pace import Pace
from edge.engines.worker.sampler import Sampler
from edge.engines.worker.slots import Seat, Slots
from edge.engines.worker.steer import Steer
from edge.engines.worker.writer import Writer
from edge.errors import EngineError
from edge.units import Seconds

ANSWER_ROOM_TOKENS = 1024
"""Room kept free behind a prompt when sequences are evicted; more is made on demand."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request ready for llama.cpp."""

    id: int
    tokens: list[int]
    sampling: SamplingValues
    max_tokens: int | None
    writer: Writer
    steer: Steer | None
    stop_sequence: Callable[[], str | None]
    cancelled: threading.Event


class InferenceLoop:
    """Owns the context and the slots; ``run`` is the thread's body."""

    def __init__(
        self,
        model: Model,
        context: Context,
        *,
        n_sequences: int,
        send: Callable[[FromWorker], None],
    ) -> None:
        self._model = model
        self._context = context
        self._slots = Slots(n_sequences, context.size)
        self._pace = Pace(context.batch_size)
        self._send = send
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._working = False

    @property
    def busy(self) -> bool:
        """Whether a job submitted now would have to wait; a hint, read from any thread."""
        return self._working or not self._jobs.empty()

    def submit(self, job: Job) -> None:
        self._jobs.put(job)

    def stop(self) -> None:
        """After the jobs already submitted, ``run`` returns."""
        self._jobs.put(None)

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.cancelled.is_set():
                continue
            self._working = True
            try:
                self._answer(job)
            except EngineError as error:
                self._slots = Slots(self._slots.count, self._context.size)
                self._context.clear()
                self._send(Refused(job.id, "internal", str(error)))
            finally:
                self._working = False

    def _answer(self, job: Job) -> None:
        seat = self._sit(job.tokens)
        self._send(Seated(job.id, seat.kept))
        if not self._read(job, seat):
            return
        sampler = Sampler(job.sampling, self._model.vocabulary)
        try:
            self._write(job, seat, sampler)
        finally:
            sampler.close()

    def _sit(self, tokens: list[int]) -> Seat:
        """Make the KV memory fit the seat that the slots chose."""
        seat = self._slots.seat(tokens, ANSWER_ROOM_TOKENS)
        sequence, kept = seat.slot.sequence, seat.kept
        if seat.copy_from is not None:
            self._context.truncate(sequence, 0)
            self._context.copy(seat.copy_from, sequence, kept)
            seat.slot.tokens = tokens[:kept]
        elif not self._context.truncate(sequence, kept):
            self._context.truncate(sequence, 0)
            seat = Seat(seat.slot, 0, None, seat.evicted)
        seat.slot.tokens = tokens[: seat.kept]
        for slot in seat.evicted:
            self._context.truncate(slot.sequence, 0)
            slot.tokens = []
        return seat

    def _read(self, job: Job, seat: Seat) -> bool:
        """Prefill in chunks; False when the job was cancelled on the way."""
        held = seat.slot.tokens
        while len(held) < len(job.tokens):
            if job.cancelled.is_set():
                return False
            chunk = job.tokens[len(held) : len(held) + self._pace.chunk]
            last = len(held) + len(chunk) == len(job.tokens)
            began = time.monotonic()
            self._context.decode(
                chunk, sequence=seat.slot.sequence, position=len(held), logits=last
            )
            self._pace.learn(len(chunk), Seconds(time.monotonic() - began))
            held.extend(chunk)
            self._send(Reading(job.id, len(held), len(job.tokens)))
        return True

    def _write(self, job: Job, seat: Seat, sampler: Sampler) -> None:
        written, writer = 0, job.writer
        if job.steer is not None and (held := job.steer.choose(self._context.logits())):
            writer.hold(held)
        cycles = CycleWatch()
        while not job.cancelled.is_set():
            token = self._choose(writer, sampler, cycles.next_token)
            cycles.add(token)
            if self._model.vocabulary.ends_generation(token):
                self._end(job, written, self._turn_end(writer))
                return
            written += 1
            for piece in writer.take(token, self._model.vocabulary.piece(token)):
                self._send(piece)
            if writer.ended is not None:
                self._end(job, written, writer.ended)
                return
            if job.max_tokens is not None and written >= job.max_tokens:
                self._end(job, written, "max_tokens")
                return
            if not self._append(seat, token):
                self._end(job, written, "context")
                return

    def _choose(self, writer: Writer, sampler: Sampler, ruled_out: int | None) -> int:
        if writer.constraint is not None:
            writer.constraint.mask(self._context.logits())
        if ruled_out is not None:
            self._rule_out(ruled_out)
        return sampler.choose(self._context)

    def _rule_out(self, token: int) -> None:
        """Unless a grammar leaves nothing else."""
        logits = self._context.logits()
        kept = logits[token]
        logits[token] = -np.inf
        if not np.isfinite(logits).any():
            logits[token] = kept

    def _append(self, seat: Seat, token: int) -> bool:
        """Decode one token; False when the context is full."""
        slot = seat.slot
        if len(slot.tokens) + 1 > self._context.size:
            return False
        for other in self._slots.make_room(slot):
            self._context.truncate(other.sequence, 0)
            other.tokens = []
        self._context.decode(
            [token], sequence=slot.sequence, position=len(slot.tokens), logits=True
        )
        slot.tokens.append(token)
        return True

    @staticmethod
    def _turn_end(writer: Writer) -> EndReason:
        return "tool_use" if writer.calls else "end_turn"

    def _end(self, job: Job, written: int, reason: EndReason) -> None:
        for piece in job.writer.finish():
            self._send(piece)
        writer = job.writer
        if reason == "end_turn" and writer.calls:
            reason = "tool_use"
        if writer.aborted and reason in ("end_turn", "tool_use"):
            reason = "max_tokens"
        self._send(Done(job.id, reason, written, job.stop_sequence()))

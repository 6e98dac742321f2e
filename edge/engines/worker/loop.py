"""The inference thread: one decode a step over everything that runs.

Running answers' tokens come first in a step, then a slice of the prompts that are being
read, as large as the running answers can bear. Nothing else may run on this thread; it
knows no sockets and no templates, and leaves the KV memory to memory.py. Jobs come through
``submit``, frames go out through the callback it was given.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.engines.frames import FromWorker, Note, Reading, Refused, Seated, Stats, Warmed
from edge.engines.worker.answering import Answering, Logits, Tokens
from edge.engines.worker.context import NoCells, Part
from edge.engines.worker.costs import StepCosts, Stretch, rows_of
from edge.engines.worker.crew import Crew
from edge.engines.worker.drafts import Drafts
from edge.engines.worker.job import Job
from edge.engines.worker.ledger import Strand, common
from edge.engines.worker.memory import Cells, Memory
from edge.engines.worker.pace import Pace
from edge.engines.worker.prefixes import Policy
from edge.engines.worker.shares import shares
from edge.engines.worker.shelf import Coming, Shelf
from edge.engines.worker.speculation import Speculation
from edge.engines.worker.tally import TELL_SECONDS, Tally
from edge.engines.worker.weighing import Weighing
from edge.errors import EngineError
from edge.units import Seconds

ANSWER_ROOM_TOKENS = 1024
"""Cells kept free behind a prompt when it is seated; more is made on demand."""

KEEP_EVERY = 8
"""Steps of running answers between two blocks that are handed to the disk."""

READ_ONCE_TOKENS = 64
"""A prompt waits for another that is reading at least so many tokens that both begin with."""

SIDE_TOKENS = 2048
"""A prompt with less to read may pass one that has to wait for memory."""


@dataclass(slots=True)
class _Seated:
    """A job with its strand; ``answer`` once its prompt is read."""

    job: Job
    strand: Strand
    coming: Coming | None = None
    """Blocks that come from disk before the rest is read."""
    restored: int = 0
    """Tokens that came so."""
    answer: Answering | None = None

    @property
    def left(self) -> int:
        """Prompt tokens still to be read."""
        return len(self.job.tokens) - len(self.strand.tokens)

    @property
    def arriving(self) -> Coming | None:
        """What comes from disk, where the next block is there and still wanted."""
        if self.coming is None or self.coming.patience or self.job.cancelled.is_set():
            return None
        return self.coming

    @property
    def is_at_boundary(self) -> bool:
        """Whether other prompts may go on from here: behind what is stable, or at the end. A
        warm-up's own strand stays for them."""
        return not self.job.is_silent and len(self.strand.tokens) in (
            self.job.stable,
            len(self.job.tokens),
        )


class _Wake:
    """In the inbox: the disk has done something."""


class Decoder(Cells, Protocol):
    """What the loop needs of context.Context."""

    batch_size: int
    unit: int
    outputs: int
    threads: int
    tiles: bool
    attention: float
    interrupt: Callable[[], bool]

    def decode(
        self, parts: Sequence[Part], *, interruptible: bool = False, padding: int = 0
    ) -> bool: ...

    def use_threads(self, writing: int, reading: int) -> None: ...

    @property
    def can_try_out(self) -> bool: ...

    def try_out(self, tokens: Sequence[int], *, interruptible: bool) -> bool: ...

    def logits(self, row: int) -> Logits: ...


class InferenceLoop:
    """Owns the context, its memory and every running answer; ``run`` is the thread's body."""

    def __init__(
        self,
        vocabulary: Tokens,
        context: Decoder,
        *,
        divisible: bool,
        n_sequences: int,
        n_parallel: int,
        send: Callable[[Sequence[FromWorker]], None],
        prefixes: Policy | None = None,
        speculation: Speculation | None = None,
        crew: Crew | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vocabulary = vocabulary
        self._divisible = divisible
        self._context = context
        context.interrupt = self._is_unwanted
        shelf = None if prefixes is None else Shelf(prefixes, clock)
        self._memory = Memory(context, n_sequences, divisible=divisible, shelf=shelf)
        costs = StepCosts(context.attention, tiles=context.tiles)
        self._pace = Pace(context.batch_size, context.unit, costs)
        self._crew = crew or Crew(context, clock=clock)
        self._crew.tell = lambda text: self._out.append(Note(text))
        self._n_parallel = n_parallel
        self._send = send
        self._speculation = speculation if divisible else None
        self._steps = 0
        self._tally = Tally(threads=context.threads)
        self._told = clock()
        self._clock = clock
        self._inbox: queue.SimpleQueue[Job | _Wake | None] = queue.SimpleQueue()
        if prefixes is not None:
            prefixes.store.when_done(lambda: self._inbox.put(_Wake()))
        self._waiting: list[Job] = []
        self._seated: list[_Seated] = []
        self._out: list[FromWorker] = []
        self._stopping = False
        self._came, self._taken_in = 0, 0
        self._yields_until = 0.0
        """Until then somebody who comes ends the step that is being decoded."""
        self.expecting = False
        """Set while a request is being prepared: nothing is tried out meanwhile."""

    # --- called from other threads --------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a job submitted now may have to wait; a hint."""
        return len(self._seated) >= self._n_parallel or bool(self._waiting)

    def submit(self, job: Job) -> None:
        """From one thread only."""
        self._inbox.put(job)
        self._came += 1

    def stop(self) -> None:
        """After the jobs already submitted, ``run`` returns."""
        self._inbox.put(None)

    # --- the thread ------------------------------------------------------------------------

    def run(self) -> None:
        while self._take_in():
            self._drop_cancelled()
            self._admit()
            if self._seated:
                self._guarded_step()
            self._keep()
            if not self._seated and not self._waiting:
                self._tell()
                if not self._memory.has_to_keep and not self._is_unwanted():
                    self._mind_threads(self._crew.step)
            self._flush()

    def _take_in(self) -> bool:
        """New jobs; sleeps while there is nothing to do. False when it is time to leave."""
        while True:
            idle = not self._waiting and not self._seated
            if idle and self._stopping:
                return False
            try:
                job = self._inbox.get(timeout=self._nap(idle=idle))
            except queue.Empty:
                return True
            match job:
                case None:
                    self._stopping = True
                case Job():
                    self._waiting.append(job)
                    self._taken_in += 1
                case _Wake():
                    pass

    def _nap(self, *, idle: bool) -> float | None:
        """Seconds to wait for what comes: 0 while there is work, None until somebody comes."""
        comings = [seated.coming for seated in self._seated]
        wait = min((c.patience if c is not None else 0.0 for c in comings), default=0.0)
        tries = idle and self._crew.trying and not self.expecting
        if (not wait and not idle) or tries or self._memory.has_to_keep:
            return 0.0
        return None if idle else min(wait, TELL_SECONDS)

    def _drop_cancelled(self) -> None:
        self._waiting = [job for job in self._waiting if not job.cancelled.is_set()]
        for seated in [s for s in self._seated if s.job.cancelled.is_set()]:
            self._leave(seated)

    def _guarded_step(self) -> None:
        """An error of llama.cpp ends the answers it may have touched, and nothing else."""
        try:
            self._step()
        except NoCells:
            self._starve()
        except EngineError as error:
            self._fail(str(error))

    def _flush(self) -> None:
        if self._clock() - self._told >= TELL_SECONDS:
            self._tell()
        self._hand_out()

    def _hand_out(self) -> None:
        if self._out:
            self._send(self._out)
            self._out = []

    def _tell(self) -> None:
        tally = self._tally
        tally.answers_running = len(self._seated)
        tally.requests_waiting = len(self._waiting)
        tally.threads, tally.threads_reading = self._crew.now
        self._memory.report(tally)
        if self._speculation is not None:
            self._speculation.report(tally)
        self._told = self._clock()
        self._out.append(Stats(tally.measures()))

    # --- seats -----------------------------------------------------------------------------

    def _admit(self) -> None:
        """Seat what can be seated; one that must wait lets only small ones pass."""
        blocked = False
        for job in list(self._waiting):
            if len(self._seated) >= self._n_parallel:
                return
            held = self._memory.longest(job.tokens)
            if self._is_being_read(job.tokens, held):
                continue
            if blocked and len(job.tokens) - held > SIDE_TOKENS:
                continue
            place = self._memory.seat(job.tokens, job.stable, self._room(job), takes=job.takes)
            if place is None and job.is_silent:
                self._waiting.remove(job)
                self._out.append(_no_place(job))
                continue
            if place is None:
                blocked = True
                continue
            self._waiting.remove(job)
            self._crew.worked()
            seated = _Seated(job, place.strand, place.coming)
            self._seated.append(seated)
            if place.coming is None:
                self._begin(seated)

    def _is_being_read(self, tokens: list[int], held: int) -> bool:
        """Whether somebody is about to read more of a prompt's beginning than is held: agents
        that start together share it, if they do not read side by side."""
        readers = [s.job.tokens for s in self._seated if s.answer is None and self._divisible]
        shared = max((common(other, tokens) for other in readers), default=0)
        return shared - held >= READ_ONCE_TOKENS

    def _room(self, job: Job) -> int:
        wanted = ANSWER_ROOM_TOKENS
        if job.order.max_tokens is not None:
            wanted = min(wanted, job.order.max_tokens)
        return min(wanted, self._context.size - len(job.tokens))

    def _begin(self, seated: _Seated) -> None:
        """All that memory and disk have of the prompt is in its place."""
        seated.coming = None
        there = len(seated.strand.tokens)
        self._tally.prompt_tokens_reused_total += there - seated.restored
        if not seated.job.is_silent:
            self._out.append(Seated(seated.job.id, there))
        if seated.restored and seated.is_at_boundary:
            self._memory.snapshot(seated.strand, pinned=True)
        if not seated.left:  # nobody wants the last token's logits
            self._leave(seated)

    def _leave(self, seated: _Seated) -> None:
        self._seated.remove(seated)
        job = seated.job
        whole = job.warm and not seated.left
        if job.warm:
            self._has_warmed(seated)
        elif job.question is not None:
            self._forget_asked(seated.strand, job.question)
        else:
            self._tally.answers_total += 1
        self._memory.leave(seated.strand, whole=whole)

    def _forget_asked(self, strand: Strand, question: Weighing) -> None:
        """Only what the next question begins with stays."""
        self._tally.questions_total += 1
        if len(strand.tokens) > question.fixed:
            self._memory.cut(strand, question.fixed)

    def _has_warmed(self, seated: _Seated) -> None:
        """Say how far it came."""
        job, held = seated.job, len(seated.strand.tokens)
        self._tally.warmed(held - seated.restored, seated.restored)
        why = "left for a request" if job.cancelled.is_set() else "it failed"
        why = why if seated.left else "done"
        self._out.append(Warmed(job.id, len(job.tokens), held, seated.restored, why))

    # --- steps -----------------------------------------------------------------------------

    def _step(self) -> None:
        self._restore()
        self._speculate()
        work = self._answers()
        answers = _stretches(work)
        reading = self._readings(answers)
        work += reading
        if not work:
            if all(seated.coming is None for seated in self._seated):
                self._unblock()
            return
        read = _stretches(reading)
        padding = self._padding([*answers, *read])
        # Who was seated hears of it before the step, which may take seconds.
        self._hand_out()
        began = self._clock()
        self._yields_until = began + self._pace.yields(answers, read)
        done = self._context.decode(
            [_part(*item) for item in work],
            interruptible=bool(read) and self._divisible,
            padding=padding,
        )
        took = Seconds(self._clock() - began)
        self._tally.decodes_total += 1
        self._tally.decode_seconds_total += took
        if not done:
            self._resync()
            self._pace.interrupted()
            return
        self._pace.learn(answers, read, took, padding)
        if not read and len(answers) == answers[0].rows == 1:
            self._mind_threads(lambda: self._crew.learn(took))
        row = 0
        for seated, tokens in work:
            if seated.answer is None:
                self._has_read(seated, tokens, row + len(tokens) - 1)
            else:
                self._has_decoded(seated, seated.answer, tokens, row)
            row += len(tokens)

    def _padding(self, step: Sequence[Stretch]) -> int:
        """Tokens of nothing behind a step that is quicker with them, if there is room."""
        padding = self._pace.padding(step)
        total = padding + rows_of(step)
        fits = padding and total <= min(self._context.batch_size, self._memory.free)
        return padding if fits else 0

    def _speculate(self) -> None:
        """The draft model guesses ahead, while one answer runs and nobody else wants anything."""
        if self._speculation is None or len(self._seated) > 1 or self._waiting:
            return
        for seated in self._seated:
            if seated.answer is not None:
                held, hurried = seated.strand.tokens, lambda: not self._inbox.empty()
                self._speculation.help(seated.answer, held, self._pace, hurried)

    def _answers(self) -> list[tuple[_Seated, list[int]]]:
        """The next tokens of every running answer that has room for them.

        One that has none waits while others go on: what they hold comes free.
        """
        work = []
        self._pace.running = max(1, sum(s.answer is not None for s in self._seated))
        # Each prompt that is read to its end in this step wants a row, too.
        most = max(1, (self._context.outputs - len(self._seated)) // self._pace.running)
        for seated in list(self._seated):
            if (answer := seated.answer) is None:
                continue
            held = len(seated.strand.tokens)
            if held >= self._context.size:
                self._run_over(seated, answer)
                continue
            answer.trim(min(self._pace.rows, most, self._context.size - held))
            if self._memory.make_room(seated.strand, len(answer.pending)):
                work.append((seated, answer.pending))
        return work

    def _run_over(self, seated: _Seated, answer: Answering) -> None:
        answer.end("context", self._out.append)
        self._leave(seated)

    def _readings(self, answers: Sequence[Stretch]) -> list[tuple[_Seated, list[int]]]:
        """The next slice of every prompt that gets one beside the running ``answers``."""
        reading = [s for s in self._seated if s.answer is None and s.coming is None]
        if not reading:
            return []
        left = [self._until_snapshot(seated) for seated in reading]
        deepest = max(len(seated.strand.tokens) for seated in reading)
        given = shares(left, self._budget(answers, deepest, sum(left)))
        return [
            (seated, seated.job.tokens[(at := len(seated.strand.tokens)) : at + count])
            for seated, count in zip(reading, given, strict=True)
            if count
        ]

    def _budget(self, answers: Sequence[Stretch], behind: int, left: int) -> int:
        """Prompt tokens for this step."""
        most = self._context.batch_size - rows_of(answers)
        if answers:
            return min(most, self._pace.slice(answers, behind, left))
        return self._pace.whole(min(most, self._pace.chunk(behind), left), behind)

    def _has_read(self, seated: _Seated, tokens: list[int], row: int) -> None:
        self._memory.grow(seated.strand, tokens)
        self._tally.prompt_tokens_read_total += len(tokens)
        job = seated.job
        if not job.is_silent:
            self._out.append(Reading(job.id, len(seated.strand.tokens), len(job.tokens)))
        if seated.is_at_boundary:
            self._memory.snapshot(seated.strand, pinned=bool(seated.left))
        if seated.left:
            return
        if job.question is not None:
            self._out.append(job.question.read(self._context.logits(row)))
        if job.is_silent:
            self._leave(seated)
            return
        drafts = Drafts(self._pace, job.tokens) if self._divisible else None
        seated.answer = Answering(job.order, self._vocabulary, tokens[-1], drafts)
        seated.answer.take([self._context.logits(row)], self._out.append)
        if seated.answer.ended is not None:
            self._leave(seated)

    def _until_snapshot(self, seated: _Seated) -> int:
        """Prompt tokens to read in one go: where a state cannot be cut, not over the point at
        which other prompts will want to go on."""
        stable = seated.job.stable - len(seated.strand.tokens)
        return stable if stable > 0 and not self._divisible else seated.left

    def _has_decoded(self, seated: _Seated, answer: Answering, tokens: list[int], row: int) -> None:
        rows = [self._context.logits(row + index) for index in range(len(tokens))]
        stands = answer.take(rows, self._out.append)
        self._tally.answer_tokens_total += stands
        self._tally.tokens_drafted_total += len(tokens) - 1
        self._tally.tokens_accepted_total += stands - 1
        self._memory.grow(seated.strand, tokens[:stands])
        if stands < len(tokens):
            self._memory.trim(seated.strand)
        if answer.ended is not None:
            self._leave(seated)

    def _is_unwanted(self) -> bool:
        """Whether what is being decoded should end; asked by llama.cpp while it works: where nobody
        wants it, where it is only tried out, or only just begun, and somebody comes."""
        if not self._seated:
            return self._stopping or self.expecting or not self._inbox.empty()
        has_seat = self._came > self._taken_in and len(self._seated) < self._n_parallel
        if has_seat and self._clock() < self._yields_until:
            return True
        return all(seated.job.cancelled.is_set() for seated in self._seated)

    # --- the disk ----------------------------------------------------------------------------

    def _restore(self) -> None:
        """Bring blocks from disk: one a step beside running answers, else all that are there."""
        running = self._is_answering
        for seated in list(self._seated):
            while (coming := seated.arriving) is not None:
                self._bring(seated, coming)
                if running:
                    break

    def _bring(self, seated: _Seated, coming: Coming) -> None:
        """The next block; the rest is read once there are no more, or one is no good."""
        count = self._memory.bring(seated.strand, seated.job.tokens, coming)
        seated.restored += count
        self._tally.prompt_tokens_restored_total += count
        if not count or not coming.more:
            self._begin(seated)

    def _keep(self) -> None:
        """Hand one state to the disk when it does not hurt: it costs some milliseconds."""
        self._steps += 1
        if not (self._is_answering and self._steps % KEEP_EVERY):
            self._memory.keep()

    @property
    def _is_answering(self) -> bool:
        return any(seated.answer is not None for seated in self._seated)

    def _mind_threads(self, act: Callable[[], None]) -> None:
        """Do something that may change the counts of threads, and let all have the new ones."""
        before = self._crew.now
        act()
        if self._speculation is not None and self._crew.now != before:
            self._speculation.use_threads(self._crew.now[0])

    # --- bad days ---------------------------------------------------------------------------

    def _resync(self) -> None:
        """After an interrupt, of which whole micro-batches were kept."""
        for seated in self._seated:
            before = len(seated.strand.tokens)
            reading = seated.job.tokens if seated.answer is None else ()
            self._memory.resync(seated.strand, reading)
            self._tally.prompt_tokens_read_total += max(0, len(seated.strand.tokens) - before)
            if reading and not seated.left:
                # Its last token's logits are lost: it is read once more.
                self._memory.cut(seated.strand, len(reading) - 1)

    def _unblock(self) -> None:
        """Nothing could go on: the last one's answer ends here, so that the others can."""
        for seated in reversed(self._seated):
            if seated.answer is not None:
                self._run_over(seated, seated.answer)
                return

    def _starve(self) -> None:
        """The ledger thought there were cells and llama.cpp has none: give one thing up."""
        if self._memory.give_up_one():
            return
        last = self._seated[-1]
        self._out.append(_refused(last.job, "the context memory is full"))
        self._leave(last)
        self._memory.forget([last.strand])

    def _fail(self, why: str) -> None:
        for seated in list(self._seated):
            self._out.append(_refused(seated.job, why))
            self._leave(seated)
        self._memory.clear()


def _no_place(job: Job) -> FromWorker:
    """For who takes nobody's place."""
    why = "the memory is in use"
    return Warmed(job.id, len(job.tokens), reason=why) if job.warm else _refused(job, why)


def _refused(job: Job, why: str) -> Refused:
    return Refused(job.id, "internal", why)


def _stretches(work: Sequence[tuple[_Seated, Sequence[int]]]) -> list[Stretch]:
    return [Stretch(len(tokens), len(seated.strand.tokens)) for seated, tokens in work]


def _part(seated: _Seated, tokens: Sequence[int]) -> Part:
    at = len(seated.strand.tokens)
    if seated.answer is not None:
        wanted = len(tokens)
    else:
        wanted = 1 if at + len(tokens) == len(seated.job.tokens) else 0
    return Part(seated.strand.sequence, at, tokens, wanted)

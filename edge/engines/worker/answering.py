"""One running answer: chooses tokens from logits, drafts ahead, tells when it is over.

Puts sampler, grammar, parser, steering, circles and drafts together. Knows no context,
no thread and no socket; the inference loop feeds it logits and asks what to decode next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.engines.frames import Done, EndReason, FromWorker, SamplingValues
from edge.engines.worker.cycles import CycleWatch
from edge.engines.worker.drafts import Drafts
from edge.engines.worker.sampler import Sampler
from edge.engines.worker.steer import Steer
from edge.engines.worker.writer import Writer

TAIL_BYTES = 32
"""What is remembered of an answer to find a text that spans tokens."""

Logits = NDArray[np.float32]


class Tokens(Protocol):
    """What an answer needs of a vocabulary."""

    def piece(self, token: int) -> bytes: ...

    def ends_generation(self, token: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What an answer is to be, besides its prompt."""

    id: int
    sampling: SamplingValues
    max_tokens: int | None
    writer: Writer
    steer: Steer | None
    stop_sequence: Callable[[], str | None]
    unwritten: tuple[bytes, ...] = ()
    """Texts that never stand in the answer: a template's own marks around results, which a
    small model would copy into a file."""


class Answering:
    """``pending`` is what to decode next: one token, and drafted ones behind it."""

    def __init__(self, order: Order, vocabulary: Tokens, last: int, drafts: Drafts | None) -> None:
        self._order = order
        self._vocabulary = vocabulary
        self._sampler = Sampler(order.sampling)
        self._cycles = CycleWatch()
        self._drafts = drafts
        self._steer = order.steer
        self._judge: Callable[[int, int], None] | None = None
        self._written = 0
        self._tail = b""
        self.pending: list[int] = [last]
        self.ended: EndReason | None = None

    def take(self, rows: Sequence[Logits], send: Callable[[FromWorker], None]) -> int:
        """The logits behind each pending token; how many of the pending tokens stand.

        After it, ``pending`` is new, or ``ended`` says why there is nothing more.
        """
        stands = 0
        for row in rows:
            stands += 1
            token = self._choose(row)
            self._write(token, send)
            if self.ended is not None:
                break
            if stands == len(rows) or token != self.pending[stands]:
                self.pending = [token]
                break
        self._draft(len(rows) - 1, stands - 1)
        return stands

    def end(self, reason: EndReason, send: Callable[[FromWorker], None]) -> None:
        """Say what was held back, and the end."""
        self.ended = reason
        for frame in self._ending(reason):
            send(frame)

    def trim(self, room: int) -> None:
        """At most ``room`` pending tokens can be decoded now; the first always is one."""
        del self.pending[max(1, room) :]

    @property
    def is_held(self) -> bool:
        """Whether a grammar holds the next token."""
        return self._order.writer.constraint is not None

    @property
    def left(self) -> int | None:
        """Tokens that may still be written, as far as the request says."""
        limit = self._order.max_tokens
        return None if limit is None else limit - self._written

    def expect(self, drafted: Sequence[int], judge: Callable[[int, int], None]) -> None:
        """Decode these behind the pending token too; ``judge`` is told how many of them were
        decoded, and how many chosen."""
        self.pending += drafted
        self._judge = judge

    def _choose(self, row: Logits) -> int:
        if self._steer is not None:
            if (held := self._steer.choose(row)) is not None:
                self._order.writer.hold(held)
            self._steer = None
        if (constraint := self._order.writer.constraint) is not None:
            constraint.mask(row)
        if (ruled_out := self._cycles.next_token) is not None:
            _rule_out(row, ruled_out)
        self._sampler.penalise(row)
        token = self._sampler.choose(row)
        while self._quotes(token) and np.isfinite(row).sum() > 1:
            row[token] = -np.inf
            token = self._sampler.choose(row)
        return token

    def _quotes(self, token: int) -> bool:
        """Whether ``token`` would finish one of the texts that must not be written."""
        if not self._order.unwritten:
            return False
        tail = self._tail + self._vocabulary.piece(token)
        return any(text in tail for text in self._order.unwritten)

    def _write(self, token: int, send: Callable[[FromWorker], None]) -> None:
        self._sampler.accept(token)
        self._cycles.add(token)
        if self._vocabulary.ends_generation(token):
            self.end("tool_use" if self._order.writer.calls else "end_turn", send)
            return
        self._written += 1
        piece = self._vocabulary.piece(token)
        self._tail = (self._tail + piece)[-TAIL_BYTES:]
        if self._drafts is not None:
            self._drafts.add(token)
        writer = self._order.writer
        for frame in writer.take(token, piece):
            send(frame)
        if writer.ended is not None:
            self.end(writer.ended, send)
        elif self._order.max_tokens is not None and self._written >= self._order.max_tokens:
            self.end("max_tokens", send)

    def _draft(self, drafted: int, accepted: int) -> None:
        if self._drafts is None:
            return
        if self._judge is not None:
            self._judge(drafted, accepted)
            self._judge = None
        elif drafted:
            self._drafts.judge(drafted, accepted)
        if self.ended is None:
            self.pending += self._drafts.propose()

    def _ending(self, reason: EndReason) -> Iterator[FromWorker]:
        writer = self._order.writer
        yield from writer.finish()
        if reason == "end_turn" and writer.calls:
            reason = "tool_use"
        if writer.aborted and reason in ("end_turn", "tool_use"):
            reason = "max_tokens"
        yield Done(self._order.id, reason, self._written, self._order.stop_sequence())


def _rule_out(row: Logits, token: int) -> None:
    """Unless a grammar leaves nothing else."""
    kept = row[token]
    row[token] = -np.inf
    if not np.isfinite(row).any():
        row[token] = kept

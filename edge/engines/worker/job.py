"""What the inference loop is given to do: an answer to write, a beginning or a question to read.

Values only. Made by the desk and the warm-up, handed to the loop by the input thread.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from edge.engines.worker.answering import Order
from edge.engines.worker.memory import Takes
from edge.engines.worker.weighing import Weighing


@dataclass(frozen=True, slots=True)
class Job:
    """A request ready for llama.cpp."""

    order: Order
    tokens: list[int]
    cancelled: threading.Event
    stable: int = 0
    """How many of the tokens come again in every session of the same client."""
    warm: bool = False
    """Nobody waits for it: it ends when it is read, costs nobody anything and is not answered."""
    question: Weighing | None = None
    """Of it the logits behind the prompt are looked at once, and that is the answer."""

    @property
    def id(self) -> int:
        return self.order.id

    @property
    def is_silent(self) -> bool:
        """Whether it ends when it is read, and leaves nothing for others to go on from."""
        return self.warm or self.question is not None

    @property
    def takes(self) -> Takes:
        """What may be forgotten for it."""
        if self.question is not None:
            return "oldest"
        return "nothing" if self.warm else "any"

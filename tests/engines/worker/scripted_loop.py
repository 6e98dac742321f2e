"""The inference loop over a scripted context: jobs in, frames out, no model. For the tests."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.engines.frames import (
    Done,
    FromWorker,
    Piece,
    SamplingValues,
    Seated,
)
from edge.engines.worker.answering import Order
from edge.engines.worker.crew import Crew
from edge.engines.worker.job import Job
from edge.engines.worker.loop import InferenceLoop, _Wake
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Prefixes
from edge.engines.worker.snapshots import Snapshots
from edge.engines.worker.speculation import Speculation
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.store import Store
from edge.engines.worker.trial import Trial
from edge.engines.worker.writer import Grip, Writer
from edge.toolcalls import Family, Parser
from tests.engines.worker.scripted_context import (
    ScriptedContext,
    ScriptedVocabulary,
    continuation,
)

PROMPT = [n % 60 + 1 for n in range(0, 400, 7)]


class Stage:
    """A loop, its context and all frames it sent."""

    def __init__(
        self,
        size: int = 2000,
        *,
        parallel: int = 4,
        divisible: bool = True,
        batch: int = 64,
        unit: int = 16,
        folder: Path | None = None,
        speculation: Speculation | None = None,
        clock: Callable[[], float] = time.monotonic,
        trial: Trial | None = None,
    ) -> None:
        self.prefixes: Prefixes | Snapshots | None = None
        if folder is not None:
            store = Store(PrefixFiles(folder, 1_000_000))
            by_blocks = Prefixes(store, b"root", block=16)
            self.prefixes = by_blocks if divisible else Snapshots(store, b"root", least=16)
        self.sent: list[FromWorker] = []
        self.context = ScriptedContext(size, batch_size=batch, unit=unit, divisible=divisible)
        self.loop = InferenceLoop(
            ScriptedVocabulary(),
            self.context,
            divisible=divisible,
            n_sequences=8,
            n_parallel=parallel,
            send=self.sent.extend,
            prefixes=self.prefixes,
            speculation=speculation,
            clock=clock,
            crew=Crew(self.context, trial=trial, interruptible=divisible, clock=ticking()),
        )

    def submit(self, number: int, prompt: Sequence[int], limit: int = 40, stable: int = 0) -> Job:
        stops = StopFilter([])
        parser = Parser((), Family.GENERIC)
        writer = Writer(
            number,
            parser,
            stops,
            Grip(None, whole=False),
            compile_grammar=_no_grammar,
            parallel=True,
        )
        order = Order(number, SamplingValues(temperature=0), limit, writer, None, lambda: stops.met)
        job = Job(order, list(prompt), threading.Event(), stable)
        self.loop.submit(job)
        return job

    def run(self) -> None:
        """Until everything submitted is done."""
        self.loop.stop()
        self.loop.run()
        if self.prefixes is not None:
            self.prefixes.store.close()

    def text(self, number: int) -> str:
        return "".join(f.text for f in self.sent if isinstance(f, Piece) and f.id == number)

    def end(self, number: int) -> Done:
        (done,) = [f for f in self.sent if isinstance(f, Done) and f.id == number]
        return done

    def kept(self, number: int) -> int:
        (seated,) = [f for f in self.sent if isinstance(f, Seated) and f.id == number]
        return seated.cached_tokens


def ticking() -> Callable[[], float]:
    """A clock by which every step takes as long as every other."""
    ticks = itertools.count()
    return lambda: next(ticks) * 0.01


def _no_grammar(_text: str):
    raise AssertionError("no call, no grammar")


def expected(prompt: Sequence[int], limit: int = 40) -> str:
    return "".join(f"<{token}>" for token in continuation(prompt, limit))


def continued(stage: Stage, folder: Path | None = None) -> Stage:
    """The same loop after a pause; a stopped one takes no more, so let it go on."""
    stage.loop._stopping = False
    if folder is not None and stage.prefixes is not None:
        store = stage.prefixes.store = Store(PrefixFiles(folder, 1_000_000))
        assert stage.loop._memory._shelf is not None
        stage.loop._memory._shelf._store = store
        store.when_done(lambda: stage.loop._inbox.put(_Wake()))
    return stage

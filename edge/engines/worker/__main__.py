"""The worker's process: frames in on one thread, inference on another, frames out of both.

Ends when its socket closes, so it never outlives the daemon.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

import llama_cpp

from edge.catalog.memory import FEW_SEQUENCES, OUTPUT_ROWS
from edge.engines import frames
from edge.engines.frames import (
    Cancel,
    Count,
    FromWorker,
    Generate,
    Load,
    Ready,
    Stop,
    Unusable,
    Warm,
    Weigh,
)
from edge.engines.worker.blocks import fingerprint, root_name
from edge.engines.worker.context import Context
from edge.engines.worker.crew import Crew
from edge.engines.worker.desk import Desk, Prepared
from edge.engines.worker.draft_opening import open_draft
from edge.engines.worker.free_memory import available_memory
from edge.engines.worker.loop import InferenceLoop
from edge.engines.worker.native import Model
from edge.engines.worker.nice import step_back
from edge.engines.worker.oom import offer_to_oom_killer
from edge.engines.worker.payoff import Payoff
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Policy
from edge.engines.worker.remembered import Remembered
from edge.engines.worker.snapshots import policy_for
from edge.engines.worker.store import Store
from edge.engines.worker.trial import ThreadChoice, Trial
from edge.engines.worker.warming import WarmUp
from edge.errors import ModelUnusable
from edge.units import Bytes


class Wire:
    """The socket: whole frames, written from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")
        self._lock = threading.Lock()

    def send(self, *messages: FromWorker) -> None:
        """Raises OSError once the daemon is gone."""
        data = b"".join(map(frames.encode, messages))
        with self._lock:
            self._sock.sendall(data)

    def receive(self) -> frames.ToWorker | None:
        """The next frame, None when the daemon has closed."""
        header = self._file.read(frames.HEADER.size)
        if len(header) < frames.HEADER.size:
            return None
        return frames.decode_to_worker(self._file.read(frames.body_length(header)))


def main(fd: int) -> int:
    # The terminal's Ctrl-C goes to the daemon, which ends this process in its own order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    offer_to_oom_killer()
    step_back()
    wire = Wire(socket.socket(fileno=fd))
    load = wire.receive()
    if not isinstance(load, Load):
        return 1
    try:
        desk, loop, prefixes = _open(load, wire)
    except ModelUnusable as error:
        wire.send(Unusable(str(error)))
        return 1
    thread = threading.Thread(target=_infer, args=(loop,), name="inference", daemon=True)
    thread.start()
    _take_orders(wire, desk, loop)
    thread.join()
    if prefixes is not None:
        prefixes.store.close()
    return 0


def _open(load: Load, wire: Wire) -> tuple[Desk, InferenceLoop, Policy | None]:
    """Everything that takes long before the first request. Raises ModelUnusable."""
    began = time.monotonic()
    model = Model(Path(load.path), n_gpu_layers=load.n_gpu_layers)
    desk = Desk(model, load.n_ctx)
    divisible = model.can_truncate()
    # The plan read the file's header; llama.cpp knows.
    n_sequences = load.n_sequences if divisible else min(load.n_sequences, FEW_SEQUENCES)
    context = Context(
        model,
        n_ctx=load.n_ctx,
        n_batch=load.n_batch,
        n_ubatch=load.n_ubatch,
        n_threads=load.n_threads,
        kv_type=load.kv_type,
        n_sequences=n_sequences,
        n_outputs=OUTPUT_ROWS,
    )
    crew, settled = _crew(load, context, divisible=divisible)
    prefixes = _prefixes(load, divisible=divisible)
    speculation, more = open_draft(load, model, Payoff())
    loop = InferenceLoop(
        model.vocabulary,
        context,
        divisible=divisible,
        n_sequences=n_sequences,
        n_parallel=load.n_parallel,
        send=lambda messages: wire.send(*messages),
        prefixes=prefixes,
        speculation=speculation,
        crew=crew,
    )
    wire.send(
        Ready(
            n_ctx=context.size,
            description=model.description(),
            vision=False,
            reasons=[*desk.reasons, *settled, *more],
            load_seconds=time.monotonic() - began,
        )
    )
    return desk, loop, prefixes


def _available() -> Bytes | None:
    try:
        return available_memory(Path("/proc/meminfo").read_text(encoding="ascii"))
    except OSError:
        return None


def _crew(load: Load, context: Context, *, divisible: bool) -> tuple[Crew, list[str]]:
    """The threads: as remembered, or to be measured while idle; and what is settled, in words.

    Only steps that can be cut are interrupted.
    """
    if not load.try_writing or not load.try_reading:
        return Crew(context), []
    known = Remembered(load, llama_cpp.__version__) if load.threads_folder else None
    if known is not None and (choice := known.read()) is not None:
        crew = Crew(context)
        crew.use(choice)
        return crew, [f"{choice.reason} (remembered)"]

    def keep(choice: ThreadChoice) -> None:
        if known is not None:  # beside the inference thread, which must not wait for a disk
            threading.Thread(target=known.write, args=(choice,), daemon=True).start()

    trial = Trial(load.try_writing, load.try_reading)
    return Crew(context, trial=trial, interruptible=divisible, keep=keep), []


def _prefixes(load: Load, *, divisible: bool) -> Policy | None:
    """What is kept for exactly this model, layout of the KV memory and llama.cpp."""
    if not load.prefix_folder:
        return None
    root = root_name(fingerprint(Path(load.path)), load.kv_type, llama_cpp.__version__)
    folder = Path(load.prefix_folder, root.hex())
    store = Store(PrefixFiles(folder, load.prefix_bytes), available=_available)
    return policy_for(store, root, divisible=divisible)


def _take_orders(wire: Wire, desk: Desk, loop: InferenceLoop) -> None:
    """Until Stop or the daemon's end; the latter leaves at once, work or no work."""
    running: dict[int, threading.Event] = {}
    warm_up = WarmUp(desk)
    while True:
        match wire.receive():
            case Generate() as order:
                loop.expecting = True
                warm_up.give_way()
                running = {n: flag for n, flag in running.items() if not flag.is_set()}
                cancelled = running[order.id] = threading.Event()
                _submit(desk.prepare(order, cancelled, queued=loop.busy), wire, loop)
                loop.expecting = False
            case Warm() as order:
                loop.expecting = True
                _submit(warm_up.begin(order), wire, loop)
                loop.expecting = False
            case Weigh() as order:
                loop.expecting = True
                cancelled = running[order.id] = threading.Event()
                _submit(desk.weigh(order, cancelled), wire, loop)
                loop.expecting = False
            case Count() as order:
                wire.send(desk.count(order))
            case Cancel(number):
                if (flag := running.pop(number, None)) is not None:
                    flag.set()
            case Stop():
                warm_up.give_way()
                loop.stop()
                return
            case None:
                os._exit(0)
            case _:
                pass


def _submit(prepared: Prepared, wire: Wire, loop: InferenceLoop) -> None:
    for frame in prepared.frames:
        wire.send(frame)
    if prepared.job is not None:
        loop.submit(prepared.job)


def _infer(loop: InferenceLoop) -> None:
    """The thread's body. Whatever ends it before its time ends the process: the daemon then
    tells every client and starts another; a daemon that went away is no reason to linger."""
    try:
        loop.run()
    except OSError:
        os._exit(0)
    except Exception:  # noqa: BLE001 - a thread's outer edge
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

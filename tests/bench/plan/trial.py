"""One real worker with one layout: what memory it takes, and how fast it reads and writes.

Starts the worker as the daemon does and listens to its frames; knows no plan.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import msgspec

from edge.engines.frames import (
    Done,
    FromWorker,
    Generate,
    Load,
    Note,
    Piece,
    Reading,
    Ready,
    Refused,
    Seated,
    ToWorker,
    Unusable,
)
from edge.engines.llama import spawn
from edge.engines.llama.link import PROGRAM
from edge.units import Bytes, Seconds

PATIENCE = Seconds(900.0)


IDLE = Seconds(2.5)
"""Between two requests, for a worker that measures."""


class TrialFailed(Exception):
    """The worker did not do what was asked; the text says what it said."""


@dataclass(frozen=True, slots=True)
class Trial:
    """``peak``: bytes resident at most, ``private`` of them not the file's pages, when the answer
    had ended. ``deep`` tokens stood before the ``read`` ones."""

    peak: Bytes
    private: Bytes
    deep: int
    read: int
    reading: Seconds
    written: int
    writing: Seconds
    """Between two tokens, the median."""

    @property
    def prefill(self) -> float:
        """Tokens a second, at that depth."""
        return self.read / self.reading

    @property
    def decode(self) -> float:
        """Tokens a second, at that depth; not a number for an answer of one token."""
        return 1 / self.writing if self.writing else float("nan")


def crafted(load: Load, tokens: int) -> Generate:
    """An order of about so many tokens, all but the last of them on disk."""
    program = (sys.executable, "-m", "tests.bench.plan.prompts")
    text = msgspec.json.encode(load).decode()
    done = subprocess.run(
        (*program, "--load", text, "--tokens", str(tokens)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TrialFailed(done.stderr.strip().splitlines()[-1])
    return msgspec.json.decode(done.stdout, type=Generate)


async def calibrated(load: Load, asked: Generate) -> None:
    """Have a worker measure how fast it is; it does in the idle moments after requests. Raises
    TrialFailed."""
    link, loop = await spawn(load, program=PROGRAM), asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PATIENCE), aclosing(link.incoming()) as incoming:
            async for frame in incoming:
                match frame:
                    case Note(text=text) if text.startswith("threads:"):
                        if "measured" not in text:
                            raise TrialFailed(text)
                        # The file is written beside everything else.
                        await asyncio.to_thread(_wait_for_file, Path(load.threads_folder))
                        return
                    case Ready() | Done():
                        loop.call_later(IDLE, link.send, asked)
                    case Unusable():
                        raise TrialFailed(str(frame))
    finally:
        await link.close()
    raise TrialFailed("the worker is gone")


def _wait_for_file(folder: Path) -> None:
    while not any(folder.glob("*.json")):
        threading.Event().wait(0.05)


async def run(load: Load, asked: Generate, *, program: Sequence[str] = PROGRAM) -> Trial:
    """Start a worker, have it answer, and look at it. Raises TrialFailed."""
    link = await spawn(load, program=program)
    try:
        async with asyncio.timeout(PATIENCE), aclosing(link.incoming()) as incoming:
            return await _watch(link.pid or 0, asked, link.send, incoming)
    finally:
        await link.close()


async def _watch(
    pid: int,
    asked: Generate,
    send: Callable[[ToWorker], None],
    incoming: AsyncIterator[FromWorker],
) -> Trial:
    deep, total, began, pieces = 0, 0, 0.0, list[float]()
    async for frame in incoming:
        match frame:
            case Ready():
                send(asked)
            case Seated(cached_tokens=cached):
                deep, began = cached, time.monotonic()
            case Reading(total=count):
                total = count
            case Piece():
                pieces.append(time.monotonic())
            case Done(output_tokens=written):
                return _seen(Path("/proc", str(pid)), deep, total, began, pieces, written)
            case Refused() | Unusable():
                raise TrialFailed(str(frame))
    raise TrialFailed("the worker is gone")


def _seen(
    process: Path, deep: int, total: int, began: float, pieces: Sequence[float], written: int
) -> Trial:
    status = (process / "status").read_text("ascii")
    if not pieces:
        raise TrialFailed("the model said nothing")
    return Trial(
        peak=_kilobytes(status, "VmHWM"),
        private=_kilobytes(status, "RssAnon"),
        deep=deep,
        read=total - deep,
        reading=Seconds(pieces[0] - began),
        written=written,
        writing=Seconds(median(b - a for a, b in pairwise(pieces)) if pieces[1:] else 0.0),
    )


def _kilobytes(status: str, name: str) -> Bytes:
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return Bytes(int(line.split()[1]) * 1024)

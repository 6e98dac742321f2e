"""How far a download is: a bar on a terminal, else a line at its beginning and its end.

Knows a text stream and progress reports. Called by the commands that fetch.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from edge.catalog.folder import FetchProgress

SECONDS = 0.2
"""A terminal is written to so often at most."""


class Bar:
    """Called with each report; the block's end ends the line."""

    def __init__(
        self, name: str, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._shown_at: float | None = None
        self._began: tuple[float, int] | None = None
        self._last: FetchProgress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        last = self._last
        if last is None:
            return
        if self._terminal:
            print(file=self._stream)
        elif kind is None:
            print(f"{last.name}: {last.done / 1e6:.1f} MB have come", file=self._stream)

    def __call__(self, progress: FetchProgress) -> None:
        now = self._clock()
        if self._began is None:
            self._began = (now, progress.done)
            if not self._terminal:
                print(self._beginning(progress), file=self._stream, flush=True)
        self._last = progress
        due = self._shown_at is None or now - self._shown_at >= SECONDS
        if self._terminal and (due or progress.done == progress.total):
            self._shown_at = now
            print(f"\r{self._line(progress, now)}", end="", file=self._stream, flush=True)

    def _beginning(self, progress: FetchProgress) -> str:
        size = f"{progress.total / 1e6:.1f} MB" if progress.total else "of unknown size"
        begun = f", of which {progress.done / 1e6:.1f} MB are here" if progress.done else ""
        return f"fetching {progress.name}: {size}{begun}"

    def _line(self, progress: FetchProgress, now: float) -> str:
        began, already = self._began or (now, progress.done)
        speed = (progress.done - already) / (now - began) if now > began else 0.0
        words = f"{progress.done / 1e6:.1f}"
        if progress.total:
            words += f" of {progress.total / 1e6:.1f} MB"
            if speed > 0:
                words += f", {_left((progress.total - progress.done) / speed)} left"
        else:
            words += " MB"
        if progress.parts > 1:
            words += f", part {progress.part} of {progress.parts}"
        columns = shutil.get_terminal_size().columns
        width = max(0, min(30, columns - len(words) - 4))
        full = width * progress.done // progress.total if progress.total else 0
        drawn = f"[{'#' * full}{' ' * (width - full)}] " if width else ""
        return f"{drawn}{words}"[: columns - 1].ljust(columns - 1)


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

"""One worker process and the socket to it.

Knows how to start, talk to and end the child; knows nothing of requests. Used by the
llama engine, which owns restarts.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import Protocol

from edge.engines import frames
from edge.engines.frames import FromWorker, Load, ToWorker
from edge.units import Seconds

EXIT_GRACE = Seconds(5.0)
"""What a worker gets to leave by itself once its socket is closed."""


class WorkerLink(Protocol):
    """A running worker. ``incoming`` ends when the worker is gone."""

    @property
    def pid(self) -> int | None: ...

    def send(self, message: ToWorker) -> None: ...

    def incoming(self) -> AsyncIterator[FromWorker]: ...

    async def close(self) -> str:
        """End the child, by force if need be; returns how it ended, for the log."""


class ProcessLink:
    """A WorkerLink over a socket pair to a child process."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def send(self, message: ToWorker) -> None:
        """Queue a message; a worker that has died is noticed by ``incoming``."""
        if not self._writer.is_closing():
            self._writer.write(frames.encode(message))

    async def incoming(self) -> AsyncIterator[FromWorker]:
        try:
            while True:
                header = await self._reader.readexactly(frames.HEADER.size)
                body = await self._reader.readexactly(frames.body_length(header))
                yield frames.decode_from_worker(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def close(self) -> str:
        self._writer.close()
        try:
            async with asyncio.timeout(EXIT_GRACE):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            code = await self._process.wait()
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


async def spawn(load: Load) -> WorkerLink:
    """Start a worker and tell it what to load. The child ends when the daemon does."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edge.engines.worker",
            str(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
        )
    reader, writer = await asyncio.open_connection(sock=ours)
    link = ProcessLink(process, reader, writer)
    link.send(load)
    return link

"""One worker process and the socket to it.

Knows how to start, talk to and end the child; knows nothing of requests. Used by the
llama engine, which owns restarts.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from edge.engines import frames
from edge.engines.frames import FromWorker, Load, ToWorker
from edge.units import Seconds

log = logging.getLogger(__name__)

PROGRAM = (sys.executable, "-m", "edge.engines.worker")
"""Started with the number of its socket's descriptor as the one argument."""

EXIT_GRACE = Seconds(5.0)
"""What a worker gets to leave by itself once its socket is closed."""


class WorkerLink(Protocol):
    """A running worker. ``incoming`` ends when the worker is gone."""

    @property
    def pid(self) -> int | None: ...

    def send(self, message: ToWorker) -> None: ...

    def incoming(self) -> AsyncIterator[FromWorker]: ...

    async def close(self) -> str:
        """End the child, by force if need be and at once if cancelled; returns how it ended,
        for the log."""


class ProcessLink:
    """A WorkerLink over a socket pair to a child process."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        exit_grace: Seconds = EXIT_GRACE,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._exit_grace = exit_grace

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def send(self, message: ToWorker) -> None:
        """Queue a message; a worker that has died is noticed by ``incoming``."""
        if not self._writer.is_closing():
            self._writer.write(frames.encode(message))

    async def incoming(self) -> AsyncIterator[FromWorker]:
        """A worker that talks nonsense is as good as gone: nothing after it can be trusted."""
        try:
            while True:
                header = await self._reader.readexactly(frames.HEADER.size)
                body = await self._reader.readexactly(frames.body_length(header))
                yield frames.decode_from_worker(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        except (ValueError, msgspec.DecodeError) as error:
            log.error("worker %d sent what is no frame: %s", self._process.pid, error)

    async def close(self) -> str:
        self._writer.close()
        try:
            async with asyncio.timeout(self._exit_grace):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            code = await self._process.wait()
        except asyncio.CancelledError:
            # Whoever cancels a close is in a hurry; even so no child may be left.
            with suppress(ProcessLookupError):
                self._process.kill()
            while self._process.returncode is None:
                with suppress(asyncio.CancelledError):
                    await self._process.wait()
            raise
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


async def spawn(
    load: Load, *, program: Sequence[str] = PROGRAM, exit_grace: Seconds = EXIT_GRACE
) -> WorkerLink:
    """Start a worker and tell it what to load. The child ends when the daemon does."""
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            # Last of all: a cancellation before it finds no child, one inside it leaves none.
            process = await asyncio.create_subprocess_exec(
                *program,
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
            )
        except BaseException:
            writer.close()
            raise
    link = ProcessLink(process, reader, writer, exit_grace)
    link.send(load)
    return link

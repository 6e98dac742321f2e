"""Whether a request that went over a kept connection never arrived, since that was closed already.

A server closes connections that are idle, and a request may be on its way just then. The kernel
knows: all that the other machine sends, the end of the connection too, tells how much has come to
it. If that is not a byte more than before the request, the end was decided before. A reset proves
nothing: Linux does not look at what it acknowledges. For this package.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakSet

import aiohttp

from edge.engines.upstream.acknowledged import acknowledged, has_ended


class Reused:
    """Knows the connections of one server."""

    def __init__(self) -> None:
        self._known: WeakSet[asyncio.BaseTransport] = WeakSet()

    @contextmanager
    def watching(self) -> Iterator[Trip]:
        """For one request, sent inside the block."""
        trip = Trip(self._known)
        try:
            yield trip
        finally:
            trip.close()


class Trip:
    """One request on its way."""

    def __init__(self, known: WeakSet[asyncio.BaseTransport]) -> None:
        self._known = known
        self._socket: socket.socket | None = None
        self._before: int | None = None

    def over(self, transport: asyncio.BaseTransport | None) -> None:
        """It goes over that connection, which nothing of it has been written to."""
        self.close()
        if transport is None:
            return
        if transport in self._known and (used := transport.get_extra_info("socket")) is not None:
            with suppress(OSError):
                # A copy can be asked when the transport has closed its own.
                self._socket = used.dup()
                self._before = acknowledged(self._socket)
        self._known.add(transport)

    def never_arrived(self, error: aiohttp.ClientConnectionError) -> bool:
        """Whether the connection was a kept one, and the other side ended it before a byte of
        the request had come there."""
        # EPIPE instead of ECONNRESET: the reset came to a connection that had been ended.
        is_ended = (
            isinstance(error, aiohttp.ServerDisconnectedError)
            or (isinstance(error, OSError) and error.errno == errno.EPIPE)
            or has_ended(self._socket)
        )
        if not is_ended or self._before is None:
            return False
        return acknowledged(self._socket) == self._before

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._before = None

"""Follows the kernel's network state over an rtnetlink socket, on the event loop.

The shell around mirror: opens, reads, sends. Where the system has no AF_NETLINK (macOS) it
tells nothing, and the kernel's part of the picture stays unknown. Called by watch.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable

from edge.units import Seconds
from edge.uplink.evidence import Kernel
from edge.uplink.mirror import Mirror
from edge.uplink.rtnetlink import GROUPS

log = logging.getLogger(__name__)

DATAGRAM = 65_536
"""The kernel fills at most half of this with one part of a dump."""


OPEN_AGAIN_AFTER = Seconds(10.0)

AF_NETLINK: int | None = getattr(socket, "AF_NETLINK", None)


async def follow(
    tell: Callable[[Kernel], None],
    *,
    family: int | None = AF_NETLINK,
    receive_buffer: int | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Tell the kernel's facts now and at every change, until cancelled.

    Returns at once where there is no such socket. ``receive_buffer``: bytes, None the system's.
    """
    if family is None:
        log.info("this system has no netlink: the uplink is judged by traffic alone")
        return
    while True:
        try:
            with _opened(family, receive_buffer) as sock:
                await _Follower(sock, tell).run()
        except OSError as error:
            why = error.strerror or str(error)
            log.warning("the kernel's network state cannot be followed: %s; trying again", why)
        await sleep(OPEN_AGAIN_AFTER)


def _opened(family: int, receive_buffer: int | None) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    try:
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        sock.bind((0, GROUPS))
    except BaseException:
        sock.close()
        raise
    return sock


class _Follower:
    """One socket and the mirror behind it."""

    def __init__(self, sock: socket.socket, tell: Callable[[Kernel], None]) -> None:
        self._sock = sock
        self._tell = tell
        self._mirror = Mirror(sock.getsockname()[0])
        self._told: Kernel | None = None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        broken: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._sock, self._read, broken)
        try:
            self._ask()
            await broken
        finally:
            loop.remove_reader(self._sock)

    def _read(self, broken: asyncio.Future[None]) -> None:
        """Everything that has come. The way out of ``run`` for what goes wrong here."""
        try:
            while self._take():
                pass
            self._ask()
            self._say()
        except OSError as error:
            asyncio.get_running_loop().remove_reader(self._sock)
            if not broken.done():
                broken.set_exception(error)

    def _take(self) -> bool:
        """One datagram. False when there is no more."""
        try:
            data, (port, _) = self._sock.recvfrom(DATAGRAM)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            log.debug("the kernel told more than was read in time: asking again")
            self._mirror.overrun()
            return True
        if port == 0:  # any process may send to this socket; only the kernel is believed
            self._mirror.feed(data)
        return True

    def _ask(self) -> None:
        request = self._mirror.request()
        if request is not None:
            self._sock.send(request)

    def _say(self) -> None:
        facts = self._mirror.facts()
        if facts is not None and facts != self._told:
            self._told = facts
            self._tell(facts)

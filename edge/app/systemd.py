"""Telling systemd that the daemon is up, alive and stopping (sd_notify's protocol).

Knows one datagram socket named by the environment; does nothing outside systemd.
Called by the composition root.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping

from edge.units import Seconds


class Notifier:
    """Sends states to the socket in NOTIFY_SOCKET; quiet where there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the abstract namespace's zero byte.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog: Seconds | None = _watchdog(environ)

    def send(self, state: str) -> None:
        """One datagram; a supervisor that does not listen is no reason to fail."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
            try:
                sock.sendto(state.encode(), self._address)
            except OSError:
                return

    async def feed_watchdog(self) -> None:
        """For ever: a sign of life from the event loop at half the watchdog's interval."""
        if self.watchdog is None:
            return
        while True:
            self.send("WATCHDOG=1")
            await asyncio.sleep(self.watchdog / 2)


def _watchdog(environ: Mapping[str, str]) -> Seconds | None:
    microseconds = environ.get("WATCHDOG_USEC", "")
    meant_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not microseconds.isdigit() or not meant_for_us:
        return None
    return Seconds(int(microseconds) / 1e6)

"""Names of servers as addresses, remembered across dead zones.

Where the uplink comes and goes, its name server is often the last to answer. Addresses that
were good a while ago mostly are still; TLS proves whose they are. Knows aiohttp's resolver
protocol and no server; for this package.
"""

from __future__ import annotations

import logging
import socket
from asyncio import timeout

from aiohttp.abc import AbstractResolver, ResolveResult

from edge.units import Seconds

log = logging.getLogger(__name__)

DNS_PATIENCE = Seconds(1.0)
"""How long a name server is waited for where an address is remembered."""


class RememberingResolver(AbstractResolver):
    """Asks ``inner``; where that fails or is slow, answers what it last said."""

    def __init__(self, inner: AbstractResolver, patience: Seconds = DNS_PATIENCE) -> None:
        self._inner = inner
        self._patience = patience
        self._known: dict[tuple[str, int, int], list[ResolveResult]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError for a name that never resolved."""
        asked = (host, port, int(family))
        known = self._known.get(asked)
        try:
            async with timeout(None if known is None else self._patience):
                found = await self._inner.resolve(host, port, family)
        except OSError:  # a TimeoutError is one, too
            if known is None:
                raise
            log.info("%s does not resolve now: its last addresses are tried", host)
            return known
        if found:
            self._known[asked] = found
        return found

    async def close(self) -> None:
        await self._inner.close()

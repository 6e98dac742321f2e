"""One server over HTTP: a request out, the first bytes of its answer in, and how it went.

Knows no dialect. Nothing of a credential appears in a log or an error: reasons are in our
own words, the library's may quote headers. For this package.
"""

from __future__ import annotations

import asyncio
import errno
import io
import os
from asyncio import timeout
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import aiohttp
from yarl import URL

from edge.engines.base import Late, Outcomes
from edge.engines.upstream.doubt import Doubt, History
from edge.engines.upstream.headers import Headers, wait_of
from edge.engines.upstream.health import Health
from edge.engines.upstream.holders import Holder
from edge.engines.upstream.reused import Reused
from edge.engines.upstream.server import Server
from edge.engines.upstream.session import on_connection, proxy_for
from edge.errors import CodriverError, Overloaded, UpstreamUnreachable
from edge.state import EngineState, FailureKind, Outcome
from edge.units import Seconds

SENDINGS = 3
"""Times that a request is sent where the connections it goes over turn out to be closed."""

OnConnection: TypeAlias = Callable[[asyncio.BaseTransport | None], None]

CONNECT_HEDGED = Seconds(15.0)
"""What a connection may take at least where somebody else is asked as soon as it is late: names,
TCP and TLS are four round trips, which a slow link loses some of."""

HEARD_EVERY = Seconds(1.0)
"""How often bytes that come are told: a link that carries them is not down."""

_UNSET = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Link:
    """Tells ``Health`` how it goes. ``clock`` is monotonic."""

    def __init__(
        self,
        name: str,
        server: Server,
        session: aiohttp.ClientSession,
        clock: Callable[[], float],
        outcomes: Outcomes | None = None,
    ) -> None:
        self._name = name
        self._server = server
        self._session = session
        self._clock = clock
        self._outcomes = outcomes
        self._proxy = proxy_for(server.url)
        self._history = History()
        self._reused = Reused()
        self.health = Health(clock)
        self._heard_at = clock()
        self._doubts: list[Doubt] = []

    def state(self, holder: Holder | None = None) -> EngineState:
        """As its requests went; not ready while one under way does not get through."""
        state = self.health.state(holder)
        self._doubts = [one for one in self._doubts if one.is_open]
        lost = next((one.network for one in self._doubts if one.network), None)
        return (
            state if lost is None or not state.ready else replace(state, ready=False, reason=lost)
        )

    def succeeded(self, holder: Holder | None = None) -> None:
        """A whole answer came."""
        self.health.succeeded(holder)

    def failed(
        self, why: str, kind: FailureKind | None = None, holder: Holder | None = None
    ) -> UpstreamUnreachable:
        """The error to raise, of a failure of the server's. ``kind``: what it was to the
        network, if that. ``holder``: of a request of whose credential nothing is known yet."""
        self.health.failed(why, holder=holder)
        if kind is not None:
            self._report(Outcome(kind))
        return self.refused(why)

    def _report(self, outcome: Outcome) -> None:
        if self._outcomes is not None:
            self._outcomes.report(self._name, outcome)

    def refused(self, why: str, like: CodriverError | None = None) -> UpstreamUnreachable:
        """The same for what says nothing of the server's health. ``like`` is what a client is
        told where nobody else can answer."""
        error = UpstreamUnreachable(f"{self._name} ({self._server.host}): {why}")
        if like is not None:
            error.status, error.kind, error.retry_after = like.status, like.kind, like.retry_after
        return error

    def busy(self, response: aiohttp.ClientResponse) -> UpstreamUnreachable:
        """The same for one that wants to be left alone, as its answer says."""
        like: CodriverError = Overloaded()
        like.status = response.status
        like.kind = "rate_limit_error" if response.status == 429 else like.kind
        like.retry_after = wait_of(response.headers.get("retry-after"))
        return self.refused(f"it answers with status {response.status}", like)

    def doubt(self, late: Late) -> Doubt:
        """About an answer that is about to be asked for."""
        doubt = Doubt(late, self._history, self._clock)
        self._doubts.append(doubt)
        return doubt

    async def ask(
        self,
        address: str,
        headers: Headers,
        body: bytes,
        patience: Seconds,
        doubt: Doubt | None = None,
        holder: Holder | None = None,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send, and wait for the head and the first bytes. Raises UpstreamUnreachable."""
        self.health.asked(holder)
        connect = self._server.connect_timeout
        if doubt is not None and doubt.is_heeded:
            connect = max(connect, CONNECT_HEDGED)
        try:
            async with timeout(patience):
                response = await self._send(address, headers, body, connect, doubt)
                try:
                    chunk = await response.content.readany()
                except BaseException:
                    response.close()
                    raise
        except (aiohttp.ClientError, OSError) as error:
            raise self.failed(_why(error, patience, connect), _kind(error), holder) from None
        except asyncio.CancelledError:
            if doubt is not None and doubt.network is not None:
                # Nobody waited for its failure, as somebody else was quicker: it is one.
                self.failed(doubt.network, "timeout", holder)
            else:
                self.health.left(holder)
            raise
        return response, chunk

    def accepted(
        self,
        response: aiohttp.ClientResponse,
        first_byte: Seconds | None = None,
        holder: Holder | None = None,
    ) -> None:
        """Its answer is one of its API. ``first_byte``: how long that took, where it tells
        something of the network."""
        wait = wait_of(response.headers.get("retry-after"))
        self.health.answered(response.status, wait, holder)
        self._report(Outcome(None, first_byte))

    async def next(self, response: aiohttp.ClientResponse, silence: Seconds | None = None) -> bytes:
        """The next bytes, empty at the end. Raises UpstreamUnreachable on a cut, and where
        nothing comes for so long."""
        try:
            async with timeout(silence):
                data = await response.content.readany()
        except TimeoutError:
            raise self.failed(f"it has said nothing for {silence:g} s", "stall") from None
        except (aiohttp.ClientError, OSError):
            raise self.failed("it broke off in the middle of its answer", "reset") from None
        if data and self._clock() - self._heard_at >= HEARD_EVERY:
            self._heard_at = self._clock()
            self._report(Outcome(None))
        return data

    async def whole(
        self, response: aiohttp.ClientResponse, first: bytes, limit: int, silence: Seconds
    ) -> bytes:
        """The rest of a body. Raises UpstreamUnreachable where it is over ``limit``."""
        body, more = bytearray(), first
        while more:
            body += more
            if len(body) > limit:
                raise self.failed(f"its answer has more than {limit} bytes")
            more = await self.next(response, silence)
        return bytes(body)

    async def _send(
        self,
        address: str,
        headers: Headers,
        body: bytes,
        connect: Seconds,
        doubt: Doubt | None,
    ) -> aiohttp.ClientResponse:
        """Post it, and once more where a kept connection was closed before it got there: so
        nothing is asked, or paid, twice."""
        left = SENDINGS
        while True:
            left -= 1
            with self._reused.watching() as trip:
                on_connection.set(_both(trip.over, doubt))
                try:
                    return await self._post(address, headers, body, connect)
                except aiohttp.ClientConnectionError as error:
                    if not left or not trip.never_arrived(error):
                        raise

    async def _post(
        self, address: str, headers: Headers, body: bytes, connect: Seconds
    ) -> aiohttp.ClientResponse:
        return await self._session.post(
            URL(address, encoded=True),
            data=io.BytesIO(body),
            headers=headers,
            skip_auto_headers=_UNSET,
            allow_redirects=False,
            auto_decompress=False,
            proxy=self._proxy,
            timeout=aiohttp.ClientTimeout(connect=connect),
        )


def _why(error: BaseException, patience: Seconds, connect: Seconds) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError():
            return "its TLS certificate is not accepted"
        case aiohttp.ClientSSLError():
            return "TLS cannot be agreed on"
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {connect:g} s"
        case TimeoutError():
            return f"no answer within {patience:g} s"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refuses with status {error.status}"
        case aiohttp.ClientProxyConnectionError():
            return "no connection to the proxy"
        case aiohttp.ClientConnectorError(errno=int(number)):
            return f"no connection: {os.strerror(number)}"
        case aiohttp.ClientResponseError():
            return "its answer is not HTTP"
        case _:
            return "the connection broke before an answer"


def _both(trip: OnConnection, doubt: Doubt | None) -> OnConnection:
    """Who is told of a connection."""

    def tell(transport: asyncio.BaseTransport | None) -> None:
        trip(transport)
        if doubt is not None:
            doubt.connected(transport)

    return tell


def _kind(error: BaseException) -> FailureKind:
    """What it was to the network: one machine's answer, even no, is better than none."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "unreachable"
        case aiohttp.ClientSSLError() | aiohttp.ClientResponseError():
            return "stranger"
        case aiohttp.ConnectionTimeoutError():
            return "timeout"
        case TimeoutError():
            return "stall"
        case aiohttp.ClientConnectorError(errno=errno.ECONNREFUSED):
            return "refused"
        case aiohttp.ClientConnectorError():
            return "unreachable"
        case _:
            return "reset"

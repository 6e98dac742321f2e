"""An engine that is another server: the request's own bytes go there, its bytes come back.

Speaks no dialect, it relays one; so far only requests that came in the anthropic
dialect to a server that speaks it. Whatever goes wrong before the first byte of an
answer is raised, so that the router can ask another engine. Nothing of a credential
appears in a log or an error. Constructed by app, called by routing.
"""

from __future__ import annotations

import errno
import io
import os
from asyncio import timeout
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Literal, TypeAlias

import aiohttp
import msgspec
from yarl import URL

from edge.chat import ChatRequest, Event, Failed, RelayChunk, RelayStarted, Wire
from edge.config import Secret
from edge.engines.base import ModelInfo, Outcomes
from edge.errors import BadRequest, UpstreamUnreachable
from edge.state import EngineState, FailureKind, Outcome
from edge.units import Seconds, Tokens

Credential: TypeAlias = Literal["pass", "none"] | Secret
Headers: TypeAlias = tuple[tuple[str, str], ...]

DIALECT = "anthropic"
COUNT_PATH = "/v1/messages/count_tokens"
COUNT_ANSWER_LIMIT = 65_536
"""Bytes of a count_tokens answer; a real one has some thirty."""
RETRY_AFTER = Seconds(15.0)
"""How long after a failure the upstream calls itself not ready."""
WHOLE_ANSWER_TIMEOUT = Seconds(600.0)
"""For an answer that is not streamed, the first byte comes after the last token."""

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
# The HTTP client writes host and length itself, and our server has already undone
# a content encoding of the request.
_NOT_SENT = _HOP_BY_HOP | frozenset(("host", "content-length", "content-encoding", "expect"))
_CREDENTIALS = frozenset(("authorization", "x-api-key"))
_OURS = "x-codriver-"
_UNSET = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _Count(msgspec.Struct):
    input_tokens: int


def open_session() -> aiohttp.ClientSession:
    """A session fit for relaying, shared by all upstreams: no cookies, no netrc, raw bytes."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


class Upstream:
    """Relays to the server at ``url``.

    With the credential "pass" the laptop's own is handed on, except where
    ``is_own_token`` knows it as the box's; a Secret replaces it. ``clock`` is monotonic.
    """

    def __init__(
        self,
        name: str,
        url: str,
        credential: Credential,
        session: aiohttp.ClientSession,
        *,
        connect_timeout: Seconds,
        first_byte_timeout: Seconds,
        clock: Callable[[], float],
        is_own_token: Callable[[str], bool],
        outcomes: Outcomes | None = None,
    ) -> None:
        self._name = name
        self._base = url.rstrip("/")
        self._credential = credential
        self._session = session
        self._connect_timeout = connect_timeout
        self._first_byte_timeout = first_byte_timeout
        self._clock = clock
        self._is_own_token = is_own_token
        self._outcomes = outcomes
        self._failure: tuple[float, str] | None = None
        self._succeeded_at: float | None = None

    @property
    def name(self) -> str:
        return self._name

    def state(self) -> EngineState:
        """Ready, unless the last try failed a moment ago."""
        now = self._clock()
        since = None if self._succeeded_at is None else Seconds(now - self._succeeded_at)
        if self._failure is not None and now - self._failure[0] < RETRY_AFTER:
            return EngineState(False, self._failure[1], since)
        reason = "not tried yet" if since is None else f"answered {since:.0f} s ago"
        return EngineState(True, reason, since)

    def models(self) -> tuple[ModelInfo, ...]:
        """None of its own: it serves what a client asks of it."""
        return ()

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        """The server's count. Raises UpstreamUnreachable if it gives none."""
        wire = self._wire(request)
        if wire.path.partition("?")[0] != COUNT_PATH:
            raise UpstreamUnreachable(f"{self._name} counts only what came to be counted")
        headers = _without(self._headers(wire), {"accept-encoding"})
        response, answer = await self._ask(wire, headers, self._first_byte_timeout)
        try:
            while len(answer) < COUNT_ANSWER_LIMIT and (more := await self._next(response)):
                answer += more
            return self._count(response.status, answer)
        finally:
            response.close()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """RelayStarted, then every byte as it comes. Raises before the first byte only."""
        wire = self._wire(request)
        patience = self._first_byte_timeout
        if not request.stream:
            patience = max(patience, WHOLE_ANSWER_TIMEOUT)
        response, chunk = await self._ask(wire, self._headers(wire), patience)
        try:
            yield RelayStarted(response.status, _kept(_head(response), _HOP_BY_HOP))
            while chunk:
                yield RelayChunk(chunk)
                chunk = await self._next(response)
            self._succeeded_at = self._clock()
        except UpstreamUnreachable as error:
            yield Failed(error)
        finally:
            response.close()

    def _wire(self, request: ChatRequest) -> Wire:
        if request.wire is None or request.wire.dialect != DIALECT:
            raise UpstreamUnreachable(f"{self._name} takes only requests of dialect {DIALECT}")
        if not request.wire.path.startswith("/"):
            # Anything else could change the host that the credential goes to.
            raise BadRequest("the path of a request begins with a slash")
        return request.wire

    def _headers(self, wire: Wire) -> Headers:
        """The laptop's headers as they came, but for the hop's own and the credential."""
        headers = _kept(wire.headers, _NOT_SENT)
        if isinstance(self._credential, Secret):
            return (*_without(headers, _CREDENTIALS), ("x-api-key", self._credential.reveal()))
        if self._credential == "none":
            return _without(headers, _CREDENTIALS)
        passed = tuple(header for header in headers if not self._is_own(*header))
        if not any(name.lower() in _CREDENTIALS for name, _ in passed):
            raise UpstreamUnreachable(
                f"{self._name} wants the laptop's own credential and the request has none"
            )
        return passed

    def _is_own(self, name: str, value: str) -> bool:
        """True for a header that carries the box's token, which is nobody else's business."""
        if name.lower() not in _CREDENTIALS:
            return False
        token = value.strip()
        bare = token.partition(" ")[2].strip()
        return self._is_own_token(token) or self._is_own_token(bare)

    async def _ask(
        self, wire: Wire, headers: Headers, patience: Seconds
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send, and wait for the head and the first bytes. Raises UpstreamUnreachable."""
        began = self._clock()
        try:
            async with timeout(patience):
                response = await self._post(wire, headers)
                try:
                    chunk = await response.content.readany()
                except BaseException:
                    response.close()
                    raise
        except (aiohttp.ClientError, OSError) as error:
            raise self._failed(self._why(error, patience), _kind(error)) from None
        if 300 <= response.status < 400:
            response.close()
            raise self._failed("it answers with a redirect, as a sign-in page would", "stranger")
        self._failure = None
        # The first byte of an answer in one piece comes after the last token.
        is_prompt = patience == self._first_byte_timeout
        self._report(Outcome(None, Seconds(self._clock() - began) if is_prompt else None))
        return response, chunk

    async def _post(self, wire: Wire, headers: Headers) -> aiohttp.ClientResponse:
        return await self._session.post(
            URL(self._base + wire.path, encoded=True),
            data=io.BytesIO(wire.body),
            headers=headers,
            skip_auto_headers=_UNSET,
            allow_redirects=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(connect=self._connect_timeout),
        )

    async def _next(self, response: aiohttp.ClientResponse) -> bytes:
        """The next bytes, empty at the end. Raises UpstreamUnreachable on a cut."""
        try:
            return await response.content.readany()
        except (aiohttp.ClientError, OSError):
            raise self._failed("it broke off in the middle of its answer", "reset") from None

    def _count(self, status: int, answer: bytes) -> Tokens:
        if status != 200:
            raise UpstreamUnreachable(f"{self._name} answered a count with status {status}")
        try:
            return Tokens(msgspec.json.decode(answer, type=_Count).input_tokens)
        except msgspec.DecodeError:
            raise UpstreamUnreachable(f"{self._name} answered a count with no count") from None

    def _failed(self, why: str, kind: FailureKind) -> UpstreamUnreachable:
        sentence = f"{self._name} ({URL(self._base).host}): {why}"
        self._failure = (self._clock(), sentence)
        self._report(Outcome(kind))
        return UpstreamUnreachable(sentence)

    def _report(self, outcome: Outcome) -> None:
        if self._outcomes is not None:
            self._outcomes.report(self._name, outcome)

    def _why(self, error: BaseException, patience: Seconds) -> str:
        """A reason in our own words: the library's may quote headers."""
        match error:
            case aiohttp.ClientConnectorDNSError():
                return "its name cannot be resolved"
            case aiohttp.ClientConnectorCertificateError():
                return "its TLS certificate is not accepted"
            case aiohttp.ClientSSLError():
                return "TLS cannot be agreed on"
            case aiohttp.ConnectionTimeoutError():
                return f"no connection within {self._connect_timeout:g} s"
            case TimeoutError():
                return f"no answer within {patience:g} s"
            case aiohttp.ClientConnectorError(errno=int(number)):
                return f"no connection: {os.strerror(number)}"
            case aiohttp.ClientResponseError():
                return "its answer is not HTTP"
            case _:
                return "the connection broke before an answer"


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


def _head(response: aiohttp.ClientResponse) -> Headers:
    """The answer's headers with their names written as the server wrote them."""
    return tuple(
        (name.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
        for name, value in response.raw_headers
    )


def _kept(headers: Iterable[tuple[str, str]], dropped: frozenset[str]) -> Headers:
    """Without ``dropped``, the headers that Connection names, and codriver's own."""
    known = tuple(headers)
    named = {
        word.strip().lower()
        for name, value in known
        if name.lower() == "connection"
        for word in value.split(",")
    }
    return tuple(
        (name, value)
        for name, value in known
        if name.lower() not in dropped | named and not name.lower().startswith(_OURS)
    )


def _without(headers: Headers, names: Iterable[str]) -> Headers:
    gone = frozenset(names)
    return tuple((name, value) for name, value in headers if name.lower() not in gone)

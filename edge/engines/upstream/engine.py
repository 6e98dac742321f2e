"""An engine that is another server: its bytes where it speaks the request's dialect, else
a translation.

Whatever goes wrong before the first byte of an answer is raised, so that the router can ask
another engine. Constructed by app, called by routing.
"""

from __future__ import annotations

import logging
from asyncio import sleep, timeout
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace

import aiohttp
import msgspec

from edge.chat import (
    ChatRequest,
    Event,
    Failed,
    Finished,
    RelayChunk,
    RelayStarted,
    Started,
    Wire,
)
from edge.config import Secret
from edge.dialects.rewrite import with_model
from edge.engines.base import Late, Meter, ModelInfo, Outcomes, nobody
from edge.engines.upstream.answers import JSON, begins_with_error, kind_of, strangeness
from edge.engines.upstream.codecs import Codec, codec_of
from edge.engines.upstream.content import has_content, has_error
from edge.engines.upstream.doubt import Doubt
from edge.engines.upstream.headers import (
    HOP_BY_HOP,
    NOT_SENT,
    Headers,
    authorised,
    credential_header,
    kept,
    wait_of,
    without,
)
from edge.engines.upstream.health import BUSY
from edge.engines.upstream.holders import Holder
from edge.engines.upstream.link import Link
from edge.engines.upstream.server import Server
from edge.engines.upstream.tally import HeardTally, RelayTally
from edge.errors import (
    BadRequest,
    CodriverError,
    PromptTooLong,
    TimedOut,
    UpstreamUnreachable,
)
from edge.state import EngineState
from edge.units import Seconds, Tokens

log = logging.getLogger(__name__)

COUNT_PATH = "/v1/messages/count_tokens"
COUNT_ANSWER_LIMIT = 65_536
"""Bytes of a count_tokens answer; a real one has some thirty."""
ERROR_LIMIT = 262_144
"""Bytes of an error's body that are read."""
WHOLE_LIMIT = 16_777_216
"""Bytes of an answer that came whole where a stream was asked for."""
WHOLE_ANSWER_TIMEOUT = Seconds(600.0)
"""For an answer that is not streamed, the first byte comes after the last token."""
SILENCE = Seconds(120.0)
"""A translated answer whose server says nothing for so long is given up: the box's own
keep-alives hide the silence from the client. A relayed one is the client's to judge."""
GATHER = Seconds(0.004)
"""Behind bytes that were passed on, what comes so soon is passed on in one piece: each piece costs
two system calls and a way through every layer, and no reader sees the difference."""
LINGER = Seconds(0.25)
"""How long the end of a finished answer's body is waited for, to use its connection again."""


_REFUSALS = (400, 422)
"""Statuses of a server that does not know a word of the request."""

IDENTITY = ("accept-encoding", "identity")
"""What is read here is not unpacked: nothing can swell."""


class _Count(msgspec.Struct):
    input_tokens: int


class Upstream:
    """The server ``server``. ``is_own_token`` knows the box's own token, which is never
    handed on; ``clock`` is monotonic."""

    def __init__(
        self,
        name: str,
        server: Server,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], float],
        is_own_token: Callable[[str], bool],
        silence: Seconds = SILENCE,
        outcomes: Outcomes | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._name = name
        self._server = server
        self._codec = codec_of(server)
        self._open: set[aiohttp.ClientResponse] = set()
        self._link = Link(name, server, session, clock, outcomes)
        self._is_own_token = is_own_token
        self._silence = silence
        self._meter = meter

    @property
    def name(self) -> str:
        return self._name

    def state(self, request: ChatRequest | None = None) -> EngineState:
        return self._link.state(self._told_apart(request))

    def models(self) -> tuple[ModelInfo, ...]:
        """None of its own: it serves what a client asks of it."""
        return ()

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        """The server's count. Raises UpstreamUnreachable if it gives none."""
        wire = request.wire
        if wire is None or wire.dialect != self._server.dialect:
            raise UpstreamUnreachable(f"{self._name} cannot count tokens for another dialect")
        if wire.path.partition("?")[0] != COUNT_PATH:
            raise UpstreamUnreachable(f"{self._name} counts only what came to be counted")
        headers = without(self._relayed_headers(wire), {"accept-encoding"})
        patience, holder = self._server.first_byte_timeout, self._holder(headers)
        response, answer = await self._ask_as_it_came(
            request, wire, headers, patience, holder=holder
        )
        try:
            while len(answer) < COUNT_ANSWER_LIMIT and (more := await self._link.next(response)):
                answer += more
            return self._count(response.status, answer)
        finally:
            response.close()
            self._link.health.left(holder)

    def stream(self, request: ChatRequest, late: Late = nobody) -> AsyncGenerator[Event, None]:
        """Raises before the first byte only, or before the first content if somebody wants to
        know that it is ``late``; what breaks then comes as a last Failed."""
        wire = request.wire
        if wire is None or wire.dialect != self._server.dialect:
            return self._translated(request, late)
        if request.as_events and request.stream:
            return self._read(request, wire, late)
        return self._relayed(request, wire, late)

    def cut(self) -> None:
        """The link is gone: every answer under way breaks off now."""
        for response in tuple(self._open):
            response.close()

    # --- relayed ------------------------------------------------------------------------

    async def _relayed(
        self, request: ChatRequest, wire: Wire, late: Late
    ) -> AsyncGenerator[Event, None]:
        """RelayStarted, then every byte as it comes."""
        patience = self._server.first_byte_timeout
        if not request.stream:
            patience = max(patience, WHOLE_ANSWER_TIMEOUT)
        headers = self._relayed_headers(wire)
        if request.stream and late is not nobody:
            # It is read on its way, by _until_content and by who goes on with it.
            headers = (*without(headers, {"accept-encoding"}), IDENTITY)
        holder = self._holder(headers)
        with self._doubted(late) as doubt:
            response, chunk = await self._ask_as_it_came(
                request, wire, headers, patience, doubt, holder
            )
            with self._opened(response):
                # The first byte of an answer in one piece comes after the last token.
                took = doubt.waited if request.stream else None
                self._check_relayable(request, response, chunk, took, late, holder)
                tally = self._relay_tally(request, response)
                tally.feed(chunk)
                with self._metered(request, tally):
                    if request.stream and late is not nobody and _shows_content(response):
                        chunk = await self._until_content(response, chunk, tally)
                    doubt.settled(content=True)
                    yield RelayStarted(response.status, kept(_head(response), HOP_BY_HOP))
                    while chunk:
                        yield RelayChunk(chunk)
                        await sleep(GATHER)
                        try:
                            chunk = await self._link.next(response)
                        except UpstreamUnreachable as error:
                            yield Failed(error)
                            return
                        tally.feed(chunk)
                if response.status == 200:
                    self._link.succeeded(holder)

    async def _until_content(
        self, response: aiohttp.ClientResponse, first: bytes, tally: RelayTally
    ) -> bytes:
        """All bytes until there is content. Raises UpstreamUnreachable if it ends before."""
        held, dialect = first, self._server.dialect
        while not has_content(dialect, held):
            if has_error(dialect, held):
                raise self._link.refused("it answers with an error before any content")
            more = await self._link.next(response, self._silence)
            if not more:
                raise self._link.failed("its answer ended before any content")
            held += more
            tally.feed(more)
        return held

    def _relay_tally(self, request: ChatRequest, response: aiohttp.ClientResponse) -> RelayTally:
        encoding = response.headers.get("content-encoding")
        dialect = self._server.dialect
        return RelayTally(dialect, response.status, encoding, stream=request.stream)

    @contextmanager
    def _metered(self, request: ChatRequest, tally: RelayTally | HeardTally) -> Iterator[None]:
        """What the answer took is told when the block is over, however it ends."""
        try:
            yield
        finally:
            if self._meter is not None and (used := tally.used()) is not None:
                self._meter.used(self._name, self._model(request), request, used)

    @contextmanager
    def _doubted(self, late: Late) -> Iterator[Doubt]:
        doubt = self._link.doubt(late)
        doubt.begin()
        try:
            yield doubt
        finally:
            doubt.settled(content=False)

    @contextmanager
    def _opened(self, response: aiohttp.ClientResponse) -> Iterator[None]:
        self._open.add(response)
        try:
            yield
        finally:
            self._open.discard(response)
            response.close()

    def _check_relayable(
        self,
        request: ChatRequest,
        response: aiohttp.ClientResponse,
        chunk: bytes,
        first_byte: Seconds | None,
        late: Late,
        holder: Holder | None,
    ) -> None:
        """Raises UpstreamUnreachable for what must not pass for an answer, and for what another
        engine can do better."""
        kind = response.headers.get("content-type")
        strange = strangeness(response.status, kind, stream=request.stream)
        if strange is not None:
            raise self._link.failed(strange, "stranger", holder)
        self._link.accepted(response, first_byte, holder)
        moment = request.patient and not self._link.health.is_open(holder)
        if late is not nobody and response.status in BUSY and not moment:
            raise self._link.busy(response)
        if response.status == 200 and begins_with_error(chunk):
            raise self._link.refused("it answers with status 200 and an error")

    async def _ask_as_it_came(
        self,
        request: ChatRequest,
        wire: Wire,
        headers: Headers,
        patience: Seconds,
        doubt: Doubt | None = None,
        holder: Holder | None = None,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        if not wire.path.startswith("/"):
            # Anything else could change the host that the credential goes to.
            raise BadRequest("the path of a request begins with a slash")
        model = self._model(request)
        body = wire.body if model == request.model else with_model(wire.body, model)
        address = self._server.address(wire.path)
        return await self._link.ask(address, headers, body, patience, doubt, holder)

    def _model(self, request: ChatRequest) -> str:
        """What the request's model is called there."""
        return request.model if request.exact_model else self._server.model_for(request.model)

    def _relayed_headers(self, wire: Wire) -> Headers:
        """The laptop's headers as they came, but for the hop's own and the credential."""
        headers = authorised(kept(wire.headers, NOT_SENT), self._server, self._is_own_token)
        if headers is None:
            raise UpstreamUnreachable(
                f"{self._name} wants the laptop's own credential and the request has none for it"
            )
        return headers

    def _holder(self, headers: Headers) -> Holder | None:
        """Whose own credential goes along; None where all requests carry the same, or none."""
        return self._link.health.holders.of(headers) if self._server.credential == "pass" else None

    def _told_apart(self, request: ChatRequest | None) -> Holder | None:
        """Whose credential would go along, where that makes a difference now."""
        wire = None if request is None else request.wire
        is_theirs = wire is not None and wire.dialect == self._server.dialect
        if wire is None or not is_theirs or not self._link.health.holders:
            return None
        headers = authorised(kept(wire.headers, NOT_SENT), self._server, self._is_own_token)
        return None if headers is None else self._holder(headers)

    # --- read ---------------------------------------------------------------------------

    async def _read(
        self, request: ChatRequest, wire: Wire, late: Late
    ) -> AsyncGenerator[Event, None]:
        """The request as it came, and its answer in events."""
        headers = (*without(self._relayed_headers(wire), {"accept-encoding"}), IDENTITY)
        patience, holder = self._server.first_byte_timeout, self._holder(headers)
        with self._doubted(late) as doubt:
            response, chunk = await self._ask_as_it_came(
                request, wire, headers, patience, doubt, holder
            )
            async with aclosing(self._heard(request, response, chunk, doubt, holder)) as events:
                async for event in events:
                    yield event

    async def _heard(
        self,
        request: ChatRequest,
        response: aiohttp.ClientResponse,
        chunk: bytes,
        doubt: Doubt,
        holder: Holder | None = None,
    ) -> AsyncGenerator[Event, None]:
        """A streamed answer's events."""
        tally = HeardTally()
        with self._opened(response), self._metered(request, tally):
            async with aclosing(self._events(response, chunk, holder)) as events:
                async for event in events:
                    tally.hear(event)
                    if isinstance(event, Started):
                        # Clients drop the thinking of a model that they did not ask for.
                        event = replace(event, model=request.model)
                    else:
                        doubt.settled(content=True)
                    yield event
                    if isinstance(event, Finished):
                        self._link.succeeded(holder)
                        await self._drain(response)

    # --- translated ---------------------------------------------------------------------

    async def _translated(self, request: ChatRequest, late: Late) -> AsyncGenerator[Event, None]:
        """Always asked for as a stream: so the first byte comes early, and silence shows."""
        with self._doubted(late) as doubt:
            response, chunk = await self._ask_in_its_words(request, doubt)
            async with aclosing(self._heard(request, response, chunk, doubt)) as events:
                try:
                    async for event in events:
                        yield event
                except BadRequest as error:
                    raise self._blamed(error, late) from None

    async def _ask_in_its_words(
        self, request: ChatRequest, doubt: Doubt
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Once more where the server refuses a word that has another name, which is then
        remembered."""
        codec = self._codec
        response, chunk = await self._ask_translated(request, codec, doubt)
        if response.status not in _REFUSALS:
            return response, chunk
        try:
            refusal = await self._link.whole(response, chunk, ERROR_LIMIT, self._silence)
        except BaseException:
            response.close()
            raise
        if (corrected := codec.corrected(request, refusal)) is None:
            return response, refusal
        self._link.accepted(response)
        response, chunk = await self._ask_translated(request, corrected, doubt)
        if response.status == 200:
            log.info("%s refused %s: from now on it is asked by %s", self._name, codec, corrected)
            self._codec = corrected
        return response, chunk

    async def _ask_translated(
        self, request: ChatRequest, codec: Codec, doubt: Doubt
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        model = self._model(request)
        headers = (*codec.headers(request), *self._own_credential(request))
        body = self._rendered(codec, replace(request, stream=True, model=model))
        address = self._server.address(codec.path)
        patience = self._server.first_byte_timeout
        return await self._link.ask(address, headers, body, patience, doubt)

    def _blamed(self, error: BadRequest, late: Late) -> CodriverError:
        """The translation may be at fault, so that another engine should see the request, if
        there is one; but too long is too long."""
        if late is nobody or isinstance(error, PromptTooLong):
            return error
        return self._link.refused(f"it does not accept the translated request: {error}", error)

    def _own_credential(self, request: ChatRequest) -> Headers:
        """A laptop's credential is for servers of its own dialect: it never goes here."""
        credential = self._server.credential
        if isinstance(credential, Secret):
            return (credential_header(self._server.dialect, credential),)
        if credential == "none":
            return ()
        came = "another dialect" if request.wire is None else request.wire.dialect
        raise UpstreamUnreachable(
            f"{self._name} speaks {self._server.dialect} and gets no credential of a client that "
            f"speaks {came}: give it one of its own in upstreams.{self._name}.credential"
        )

    def _rendered(self, codec: Codec, request: ChatRequest) -> bytes:
        """What this server cannot be asked, another engine perhaps can."""
        try:
            return codec.render(request)
        except BadRequest as error:
            raise UpstreamUnreachable(f"{self._name} cannot be asked this: {error}") from None

    async def _events(
        self, response: aiohttp.ClientResponse, chunk: bytes, holder: Holder | None
    ) -> AsyncGenerator[Event, None]:
        strange = strangeness(response.status, response.headers.get("content-type"), stream=True)
        is_whole = kind_of(response.headers.get("content-type")) == JSON
        if strange is not None and not is_whole:
            raise self._link.failed(strange, "stranger", holder)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            why = "it compresses its answer although it was asked not to"
            raise self._link.failed(why, holder=holder)
        self._link.accepted(response, holder=holder)
        if response.status != 200:
            body = await self._link.whole(response, chunk, ERROR_LIMIT, self._silence)
            raise self._told(body, response)
        if is_whole:
            body = await self._link.whole(response, chunk, WHOLE_LIMIT, self._silence)
            for event in self._codec.whole(body):
                yield event
            return
        async with aclosing(self._parsed(response, chunk)) as events:
            async for event in events:
                yield event

    async def _parsed(
        self, response: aiohttp.ClientResponse, chunk: bytes
    ) -> AsyncGenerator[Event, None]:
        parser = self._codec.parser()
        while True:
            for event in parser.feed(chunk) if chunk else parser.close():
                yield self._scrubbed(event)
                if isinstance(event, Finished | Failed):
                    return
            try:
                chunk = await self._link.next(response, self._silence)
            except UpstreamUnreachable as error:
                yield Failed(error)
                return

    def _told(self, body: bytes, response: aiohttp.ClientResponse) -> CodriverError:
        """The server's refusal as an error of ours."""
        wait = wait_of(response.headers.get("retry-after"))
        error = self._codec.error(body, response.status, wait)
        if isinstance(error, TimedOut):
            # Its time is over, not that of the client's request: another engine may answer.
            return self._link.refused(f"it ran out of time: {self._scrub(str(error))}")
        told = self._scrub(str(error))
        # Clients look for an overflow's words at the beginning, to shorten their prompt.
        is_overflow = told.startswith("prompt is too long")
        error.args = (told if is_overflow else f"{self._name}: {told}",)
        return error

    def _scrubbed(self, event: Event) -> Event:
        if isinstance(event, Failed):
            event.error.args = (self._scrub(str(event.error)),)
        return event

    def _scrub(self, text: str) -> str:
        """Servers like to quote the key that they do not accept."""
        credential = self._server.credential
        if not isinstance(credential, Secret):
            return text
        return text.replace(credential.reveal(), "(the credential)")

    async def _drain(self, response: aiohttp.ClientResponse) -> None:
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with timeout(LINGER):
                while await response.content.readany():
                    pass

    def _count(self, status: int, answer: bytes) -> Tokens:
        if status != 200:
            raise UpstreamUnreachable(f"{self._name} answered a count with status {status}")
        try:
            return Tokens(msgspec.json.decode(answer, type=_Count).input_tokens)
        except msgspec.DecodeError:
            raise UpstreamUnreachable(f"{self._name} answered a count with no count") from None


def _shows_content(response: aiohttp.ClientResponse) -> bool:
    """Whether it can be seen in the bytes where a stream's content begins."""
    encoding = response.headers.get("content-encoding", "identity")
    return response.status == 200 and encoding.strip().lower() == "identity"


def _head(response: aiohttp.ClientResponse) -> Headers:
    """The answer's headers with their names written as the server wrote them."""
    return tuple(
        (name.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
        for name, value in response.raw_headers
    )

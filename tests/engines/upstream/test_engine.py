"""An upstream over real sockets on loopback: a good server, and every bad one."""

import asyncio
import gzip
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer, unused_port
from blockbuster import blockbuster_ctx

from edge.chat import ChatRequest, Event, Failed, RelayChunk, RelayStarted, Wire
from edge.config import Secret
from edge.engines.upstream import Credential, Server, Upstream, open_session
from edge.engines.upstream.breaker import FAILURES, LONG_PAUSE, PAUSES
from edge.errors import BadRequest, UpstreamUnreachable
from edge.units import Seconds

BOX_TOKEN = "box-token-of-this-box"
LAPTOP_KEY = "sk-ant-laptop"
BODY = b'{"model":  "claude-x", "spaces":   "stay"}'
EVENTS = "text/event-stream"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
SSE = b"event: message_start\ndata: {}\n\n"

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    with blockbuster_ctx():
        yield


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


Make = Callable[..., Upstream]


@pytest.fixture
def make(session: aiohttp.ClientSession, clock: Clock) -> Make:
    def build(
        url: object,
        credential: Credential = "pass",
        first_byte_timeout: float = 5.0,
        session: aiohttp.ClientSession = session,
        **server: Any,
    ) -> Upstream:
        return Upstream(
            "cloud",
            Server(
                str(url),
                credential=credential,
                connect_timeout=Seconds(2.0),
                first_byte_timeout=Seconds(first_byte_timeout),
                **server,
            ),
            session,
            clock=clock,
            is_own_token=lambda token: token == BOX_TOKEN,
        )

    return build


@asynccontextmanager
async def serving(answer: Serve) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@asynccontextmanager
async def raw_server(answer: Raw) -> AsyncIterator[str]:
    """A server that speaks in bytes; ``answer`` is called once the request's head is read."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def request(
    *headers: tuple[str, str], path: str = "/v1/messages?beta=true", stream: bool = True
) -> ChatRequest:
    sent = headers or (("x-api-key", LAPTOP_KEY),)
    return ChatRequest("claude-x", (), stream=stream, wire=Wire("anthropic", path, sent, BODY))


async def collect(upstream: Upstream, asked: ChatRequest) -> list[Event]:
    async with aclosing(upstream.stream(asked)) as events:
        return [event async for event in events]


async def refusal(upstream: Upstream, asked: ChatRequest | None = None) -> str:
    with pytest.raises(UpstreamUnreachable) as caught:
        await collect(upstream, asked or request())
    assert LAPTOP_KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value).partition(": ")[2]


def failures(upstream: Upstream) -> float:
    return dict(upstream.state().measures)["upstream_failures_total"]


async def received(make: Make, credential: Credential, asked: ChatRequest) -> web.Request:
    """What the server got of ``asked``."""
    got: list[web.Request] = []

    async def answer(http: web.Request) -> web.StreamResponse:
        assert await http.read() == BODY
        got.append(http)
        return web.Response(content_type=EVENTS)

    async with serving(answer) as url:
        await collect(make(url, credential), asked)
    return got[0]


# --- what is sent -------------------------------------------------------------------


async def test_bytes_and_headers_go_untouched(make: Make) -> None:
    headers = (
        ("X-Api-Key", LAPTOP_KEY),
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "a-1,b-2"),
        ("accept-encoding", "gzip, br"),
        ("user-agent", "claude-cli/2"),
        ("content-type", "application/json"),
        ("x-stainless-retry-count", "0"),
    )
    got = await received(make, "pass", request(*headers))
    assert got.path_qs == "/v1/messages?beta=true"
    # Names compare without case: the receiving parser writes well-known ones its own way.
    assert [
        (name.lower(), value)
        for name, value in got.headers.items()
        if name not in ("Host", "Content-Length")
    ] == [(name.lower(), value) for name, value in headers]
    assert got.headers["Content-Length"] == str(len(BODY))


async def test_headers_of_one_hop_stay_here(make: Make) -> None:
    got = await received(
        make,
        "pass",
        request(
            ("x-api-key", LAPTOP_KEY),
            ("Host", "box.local:4141"),
            ("Content-Length", "9999"),
            ("Content-Encoding", "gzip"),
            ("Connection", "keep-alive, X-Private"),
            ("X-Private", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Proxy-Authorization", "Basic x"),
            ("x-codriver-route", "cloud"),
        ),
    )
    assert set(got.headers) == {"x-api-key", "Host", "Content-Length"}
    assert got.headers["Host"].startswith("127.0.0.1:")


async def test_nothing_is_added(make: Make) -> None:
    got = await received(make, "none", request(("a", "b")))
    assert set(got.headers) == {"a", "Host", "Content-Length"}


async def test_a_large_body_goes_through(make: Make) -> None:
    large = b"x" * 5_000_000
    sizes = []

    async def answer(http: web.Request) -> web.StreamResponse:
        sizes.append(http.content_length)
        async for _ in http.content.iter_any():
            pass
        return web.Response(content_type=EVENTS)

    async with serving(answer) as url:
        wire = Wire("anthropic", "/v1/messages", (), large)
        await collect(make(url, "none"), ChatRequest("m", (), stream=True, wire=wire))
    assert sizes == [len(large)]


async def test_a_base_path_is_kept(make: Make) -> None:
    paths = []

    async def answer(http: web.Request) -> web.StreamResponse:
        paths.append(http.path)
        return web.Response(content_type=EVENTS)

    async with serving(answer) as url:
        await collect(make(f"{url}anthropic/"), request())
    assert paths == ["/anthropic/v1/messages"]


async def test_a_path_cannot_change_the_host(make: Make) -> None:
    upstream = make("http://127.0.0.1:9")
    with pytest.raises(BadRequest):
        await collect(upstream, request(path="@evil.example/"))


# --- credentials --------------------------------------------------------------------


@pytest.mark.parametrize(
    "own",
    [
        ("Authorization", f"Bearer {BOX_TOKEN}"),
        ("authorization", f"bearer   {BOX_TOKEN} "),
        ("Authorization", BOX_TOKEN),
        ("X-API-Key", BOX_TOKEN),
    ],
)
async def test_the_boxs_token_never_leaves_it(make: Make, own: tuple[str, str]) -> None:
    got = await received(make, "pass", request(own, ("x-api-key", LAPTOP_KEY)))
    assert BOX_TOKEN not in str(got.headers)
    assert got.headers["x-api-key"] == LAPTOP_KEY
    said = await refusal(make("http://127.0.0.1:9"), request(own))
    assert BOX_TOKEN not in said


async def test_no_credential_to_pass_is_unreachable_and_no_fault_of_the_link(make: Make) -> None:
    upstream = make("http://127.0.0.1:9")
    with pytest.raises(UpstreamUnreachable, match="the request has none"):
        await collect(upstream, request(("a", "b")))
    assert upstream.state().ready


async def test_the_boxs_credential_replaces_the_laptops(make: Make) -> None:
    got = await received(
        make,
        Secret("sk-ant-box"),
        request(("Authorization", "Bearer x"), ("X-Api-Key", LAPTOP_KEY), ("a", "b")),
    )
    assert "Authorization" not in got.headers
    assert got.headers.getall("x-api-key") == ["sk-ant-box"]
    assert got.headers["a"] == "b"


async def test_no_credential_is_sent_where_none_is_wanted(make: Make) -> None:
    got = await received(make, "none", request(("Authorization", "Bearer x"), ("x-api-key", "y")))
    assert not {"Authorization", "x-api-key"} & set(got.headers)


# --- what comes back ----------------------------------------------------------------


async def test_the_answer_comes_untouched(make: Make) -> None:
    packed = gzip.compress(SSE)

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=529,
            body=packed,
            headers={
                "Content-Type": "application/json",
                "Content-Encoding": "gzip",
                "retry-after": "7",
                "request-id": "req_1",
            },
        )

    async with serving(answer) as url:
        started, *chunks = await collect(make(url), request())
    assert isinstance(started, RelayStarted)
    assert started.status == 529
    headers = dict(started.headers)
    assert headers["retry-after"] == "7"
    assert headers["request-id"] == "req_1"
    assert headers["Content-Encoding"] == "gzip"
    assert b"".join(c.data for c in chunks if isinstance(c, RelayChunk)) == packed


async def test_the_answers_hop_headers_are_dropped(make: Make) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: timeout=5\r\n"
            b"Content-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nX-One: 1\r\nX-One: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        )
        await writer.drain()

    async with raw_server(answer) as url:
        events = await collect(make(url), request())
    headers = (("Content-Type", EVENTS), ("X-One", "1"), ("X-One", "2"))
    assert events == [RelayStarted(200, headers), RelayChunk(b"hi")]


async def test_chunks_come_as_they_are_sent(make: Make) -> None:
    go_on = asyncio.Event()

    async def answer(http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(http)
        await response.write(b"first")
        await go_on.wait()
        await response.write(b"second")
        return response

    async with serving(answer) as url, aclosing(make(url).stream(request())) as events:
        assert isinstance(await anext(events), RelayStarted)
        assert await anext(events) == RelayChunk(b"first")
        go_on.set()
        assert await anext(events) == RelayChunk(b"second")
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_an_empty_answer(make: Make) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404, content_type="application/json")

    async with serving(answer) as url:
        (started,) = await collect(make(url), request())
    assert isinstance(started, RelayStarted)
    assert started.status == 404


async def test_closing_the_stream_hangs_up(make: Make) -> None:
    hung_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(BODY))
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        assert await reader.read() == b""
        hung_up.set()

    async with raw_server(answer) as url:
        async with aclosing(make(url).stream(request())) as events:
            await anext(events)
        async with asyncio.timeout(5):
            await hung_up.wait()


# --- what goes wrong ----------------------------------------------------------------


async def test_a_dead_port(make: Make) -> None:
    upstream = make(f"http://127.0.0.1:{unused_port()}")
    assert await refusal(upstream) == "no connection: Connection refused"


class NoNames(AbstractResolver):
    """A resolver on a machine without a link."""

    async def resolve(self, *_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def close(self) -> None:
        pass


async def test_a_name_that_does_not_resolve(make: Make) -> None:
    connector = aiohttp.TCPConnector(resolver=NoNames())
    async with aiohttp.ClientSession(connector=connector) as offline:
        upstream = make("https://api.example", session=offline)
        assert await refusal(upstream) == "its name cannot be resolved"


async def test_a_certificate_that_nobody_signed(make: Make) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    await asyncio.to_thread(tls.load_cert_chain, Path(__file__).parent / "untrusted.pem")

    async def answer(_: web.Request) -> web.StreamResponse:
        raise AssertionError("no request goes to a server that cannot prove who it is")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server(ssl=tls)
    try:
        said = await refusal(make(f"https://127.0.0.1:{server.port}"))
    finally:
        await server.close()
    assert said == "its TLS certificate is not accepted"


async def test_a_server_that_speaks_no_tls(make: Make) -> None:
    async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await refusal(make(f"https://127.0.0.1:{port}")) == "TLS cannot be agreed on"


async def test_a_slow_server(make: Make) -> None:
    late = asyncio.Event()

    async def answer(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await late.wait()

    async with raw_server(answer) as url:
        said = await refusal(make(url, first_byte_timeout=0.1))
        assert said == "no answer within 0.1 s"
        late.set()


async def test_a_head_without_a_body_is_still_before_the_first_byte(make: Make) -> None:
    late = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        await late.wait()

    async with raw_server(answer) as url:
        said = await refusal(make(url, first_byte_timeout=0.1))
        assert said == "no answer within 0.1 s"
        late.set()


async def test_an_answer_that_is_not_streamed_may_take_longer(make: Make) -> None:
    late = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        await late.wait()
        return web.Response(text="whole", content_type="application/json")

    async with serving(answer) as url:
        asyncio.get_running_loop().call_later(0.3, late.set)
        _, chunk = await collect(make(url, first_byte_timeout=0.1), request(stream=False))
    assert chunk == RelayChunk(b"whole")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", "the connection broke before an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection broke before an answer"),
        (b"\x00\x01\x02 hello\r\n\r\n", "its answer is not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            "the connection broke before an answer",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
            "it answers with a redirect, as a sign-in page would",
        ),
    ],
)
async def test_a_broken_answer(make: Make, sent: bytes, expected: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(BODY))
        writer.write(sent)
        await writer.drain()

    async with raw_server(answer) as url:
        assert await refusal(make(url)) == expected


@pytest.mark.parametrize(
    "head", [b"Content-Length: 100\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"]
)
async def test_a_cut_in_the_middle_is_a_failure_at_the_end(make: Make, head: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(BODY))
        writer.write(HEAD + head)
        await writer.drain()

    async with raw_server(answer) as url:
        upstream = make(url)
        started, chunk, failed = await collect(upstream, request())
    assert isinstance(started, RelayStarted)
    assert chunk == RelayChunk(b"half")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, UpstreamUnreachable)
    assert failed.error.origin == "upstream"
    assert failures(upstream) == 1


async def test_the_laptops_credential_goes_to_servers_of_its_dialect_only(make: Make) -> None:
    upstream = make("http://127.0.0.1:9")
    for wire in (None, Wire("openai", "/v1/chat/completions", (), b"{}")):
        with pytest.raises(UpstreamUnreachable, match="gets no credential of a client that"):
            await collect(upstream, ChatRequest("m", (), wire=wire))
        with pytest.raises(UpstreamUnreachable, match="cannot count tokens for another"):
            await upstream.count_tokens(ChatRequest("m", (), wire=wire))


PAGE = "<html>please sign in</html>"


@pytest.mark.parametrize("is_stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (200, "text/html", PAGE, "it answers with status 200 and text/html, not with JSON"),
        (404, "text/html", PAGE, "it answers with status 404 and text/html, not with JSON"),
        (502, "text/html", PAGE, "it answers with status 502 and text/html, not with JSON"),
        (511, "text/plain", "sign in", "it answers with status 511 and text/plain"),
    ],
)
async def test_a_page_is_no_answer(
    make: Make, status: int, kind: str, body: str, expected: str, is_stream: bool
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=kind)

    async with serving(answer) as url:
        upstream = make(url)
        assert (await refusal(upstream, request(stream=is_stream))).startswith(expected)
        assert failures(upstream) == 1


@pytest.mark.parametrize(
    ("kind", "body", "is_stream", "expected"),
    [
        ("application/json", b'{"error": {"message": "no"}}', False, "status 200 and an error"),
        (EVENTS, b'event: error\ndata: {"type": "error"}\n\n', True, "status 200 and an error"),
        (EVENTS, b'data: {"error": {"message": "no"}}\n\n', True, "status 200 and an error"),
        ("application/json", b'{"type": "message"}', True, "a whole where a stream was asked for"),
        (EVENTS, SSE, False, "or the other way round"),
    ],
)
async def test_a_success_that_is_none(
    make: Make, kind: str, body: bytes, is_stream: bool, expected: str
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind)

    async with serving(answer) as url:
        assert expected in await refusal(make(url), request(stream=is_stream))


async def test_headers_without_end_are_given_up(make: Make) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"X-More: " + b"x" * 8000 + b"\r\n")
                await writer.drain()

    async with raw_server(answer) as url:
        assert await refusal(make(url)) in (
            "its answer is not HTTP",
            "the connection broke before an answer",
        )


async def test_a_model_is_asked_for_by_its_name_there(make: Make) -> None:
    bodies = []

    async def answer(http: web.Request) -> web.StreamResponse:
        bodies.append(await http.read())
        return web.Response(content_type=EVENTS)

    async with serving(answer) as url:
        upstream = make(url, "none", model="other", models={"claude-x": "mine"})
        await collect(upstream, request())
        await collect(upstream, replace(request(), model="claude-y"))
        exact = replace(request(), exact_model=True)
        await collect(upstream, exact)
    assert bodies[:2] == [b'{"model":"mine","spaces":"stay"}', b'{"model":"other","spaces":"stay"}']
    assert exact.wire is not None
    assert bodies[2:] == [exact.wire.body], "a route knows what it is called there"


async def test_no_secret_is_logged(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text="x", content_type=EVENTS)

    with caplog.at_level(logging.DEBUG):
        async with serving(answer) as url:
            await collect(make(url), request())
        await refusal(make(f"http://127.0.0.1:{unused_port()}"))
    assert LAPTOP_KEY not in caplog.text


# --- state --------------------------------------------------------------------------


async def test_state_follows_the_last_try(make: Make, clock: Clock) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text="x", content_type=EVENTS)

    async with serving(answer) as url:
        upstream = make(url)
        state = upstream.state()
        assert (state.ready, state.reason, state.last_success) == (True, "not tried yet", None)
        await collect(upstream, request())
        clock.now += 12
        state = upstream.state()
        assert (state.ready, state.reason) == (True, "answered 12 s ago")
        assert state.last_success == 12
    said = await refusal(upstream)
    state = upstream.state()
    assert (state.ready, state.reason) == (True, f"{said} (it may be tried again)")
    for _ in range(FAILURES - 1):
        said = await refusal(upstream)
    state = upstream.state()
    assert (state.ready, state.reason) == (False, f"{said} (left alone for another 5 s)")
    assert dict(state.measures) == {
        "upstream_failures_total": FAILURES,
        "upstream_openings_total": 1,
    }
    clock.now += PAUSES[0]
    assert upstream.state().ready, "one real request may find out"


def somebody(why: str) -> None:
    """Another engine stands behind this one."""


async def test_a_server_that_wants_to_be_left_alone_is(make: Make, clock: Clock) -> None:
    asked = []

    async def answer(http: web.Request) -> web.StreamResponse:
        asked.append(http)
        return web.json_response({"error": "busy"}, status=429, headers={"retry-after": "600"})

    async with serving(answer) as url:
        upstream = make(url)
        with pytest.raises(UpstreamUnreachable, match="status 429") as caught:
            await collect_first(upstream, somebody)
        assert (caught.value.status, caught.value.kind) == (429, "rate_limit_error")
        assert caught.value.retry_after == 600
        state = upstream.state()
        assert state.reason == "it answers with status 429 (left alone for another 10 min)"
        assert not state.ready
        started, *_ = await collect(upstream, request())
        assert isinstance(started, RelayStarted), "nobody stands behind: it is told as it is"
        assert started.status == 429
        assert upstream.state().last_success is None
    assert len(asked) == 2


async def collect_first(upstream: Upstream, late: Callable[[str], None]) -> Event:
    async with aclosing(upstream.stream(request(), late)) as events:
        return await anext(events)


async def test_one_that_wants_a_moment_is_relayed(make: Make) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        headers = {"retry-after": f"{LONG_PAUSE:.0f}"}
        return web.json_response({"error": "busy"}, status=529, headers=headers)

    async with serving(answer) as url:
        upstream = make(url)
        started = await collect_first(upstream, somebody)
        assert isinstance(started, RelayStarted)
        assert started.status == 529
        assert upstream.state().ready
        assert failures(upstream) == 1


async def test_one_request_tries_it_and_what_follows_finds_it_well(
    make: Make, clock: Clock
) -> None:
    there, go_on = asyncio.Event(), asyncio.Event()
    status = [500]

    async def answer(http: web.Request) -> web.StreamResponse:
        if status[0] != 200:
            return web.json_response({}, status=status[0])
        there.set()
        await go_on.wait()
        return web.Response(text="x", content_type=EVENTS)

    async with serving(answer) as url, asyncio.TaskGroup() as tasks:
        upstream = make(url)
        for _ in range(FAILURES):
            await collect(upstream, request())
        assert not upstream.state().ready
        clock.now += PAUSES[0]
        status[0] = 200
        trying = tasks.create_task(collect(upstream, request()))
        await there.wait()
        assert upstream.state().reason == "it answers with status 500 (one request is trying it)"
        go_on.set()
        await trying
        assert upstream.state().ready
        assert upstream.state().reason == "answered 0 s ago"


async def test_a_trial_whose_client_left_is_none(make: Make, clock: Clock) -> None:
    there, over = asyncio.Event(), asyncio.Event()

    async def answer(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        there.set()
        await over.wait()

    dead = make(f"http://127.0.0.1:{unused_port()}")
    for _ in range(FAILURES):
        await refusal(dead)
    clock.now += PAUSES[0]
    async with raw_server(answer) as url, asyncio.TaskGroup() as tasks:
        dead._server = Server(url, connect_timeout=Seconds(2.0))
        trying = tasks.create_task(collect(dead, request()))
        await there.wait()
        assert not dead.state().ready
        trying.cancel()
        await asyncio.wait([trying])
        assert dead.state().ready
        assert failures(dead) == FAILURES, "it was not heard to its end"
        over.set()


# --- counting -----------------------------------------------------------------------


async def count(make: Make, answer: web.Response | None, path: str) -> int:
    asked: list[web.Request] = []

    async def serve(http: web.Request) -> web.StreamResponse:
        asked.append(http)
        assert await http.read() == BODY
        assert answer is not None
        return answer

    async with serving(serve) as url:
        upstream = make(url)
        tokens = await upstream.count_tokens(
            request(("x-api-key", LAPTOP_KEY), ("accept-encoding", "gzip"), path=path)
        )
    assert asked[0].path_qs == path
    assert "accept-encoding" not in asked[0].headers, "the count is read here"
    return tokens


async def test_count_tokens(make: Make) -> None:
    path = "/v1/messages/count_tokens?beta=true"
    assert await count(make, web.json_response({"input_tokens": 42, "more": 1}), path) == 42


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b'{"input_tokens": 42}', 401, "status 401"),
        (b"<html>", 200, "no count"),
        (b"{}", 200, "no count"),
        (b'{"input_tokens": 42}' + b" " * 70_000 + b"x", 200, "no count"),
    ],
)
async def test_a_count_that_is_none(make: Make, body: bytes, status: int, expected: str) -> None:
    with pytest.raises(UpstreamUnreachable, match=expected):
        await count(make, web.Response(body=body, status=status), "/v1/messages/count_tokens")


async def test_only_what_came_to_be_counted_is_counted(make: Make) -> None:
    with pytest.raises(UpstreamUnreachable, match="only what came to be counted"):
        await count(make, None, "/v1/messages")

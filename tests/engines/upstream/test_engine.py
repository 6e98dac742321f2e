"""An upstream over real sockets on loopback: a good server, and every bad one."""

import asyncio
import gzip
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from edge.chat import ChatRequest, Event, RelayChunk, RelayStarted, Wire
from edge.config import Secret
from edge.engines.upstream import Server, Upstream
from edge.engines.upstream.breaker import FAILURES, LONG_PAUSE, PAUSES
from edge.errors import BadRequest, CodriverError, UpstreamUnreachable
from edge.units import Seconds
from tests.engines.upstream.upstreams import (
    BODY,
    BOX_TOKEN,
    EVENTS,
    HEAD,
    LAPTOP_KEY,
    SSE,
    Clock,
    Make,
    collect,
    failures,
    raw_server,
    received,
    refusal,
    request,
    serving,
)

pytestmark = pytest.mark.usefixtures("nothing_blocks")

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
        "upstream_credentials_left_alone": 0,
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
        upstream = make(url, Secret("sk-of-the-box"))
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


async def test_who_has_reached_a_limit_waits_and_the_other_laptops_do_not(make: Make) -> None:
    mine, yours = request(("x-api-key", LAPTOP_KEY)), request(("authorization", "Bearer yours"))
    asked = []

    async def answer(http: web.Request) -> web.StreamResponse:
        asked.append(http)
        if http.headers.get("x-api-key") == LAPTOP_KEY:
            return web.json_response({}, status=429, headers={"retry-after": "600"})
        return web.Response(body=SSE, content_type=EVENTS)

    async with serving(answer) as url:
        upstream = make(url)
        with pytest.raises(UpstreamUnreachable, match="status 429"):
            await collect_first(upstream, somebody)
        state = upstream.state(mine)
        assert not state.ready
        assert state.reason == (
            "it answers this client's credential with status 429 (left alone for another 10 min)"
        )
        assert LAPTOP_KEY not in repr(state)
        assert upstream.state(yours).ready
        assert upstream.state().ready
        started, *_ = await collect(upstream, yours)
        assert isinstance(started, RelayStarted)
        assert started.status == 200
        as_events = replace(mine, as_events=True)
        with pytest.raises(CodriverError):
            await collect(upstream, as_events)
        assert not upstream.state(as_events).ready
        for foreign in (
            ChatRequest("claude-x", ()),
            request(("x-api-key", BOX_TOKEN)),
            replace(mine, wire=Wire("openai", "/v1/chat/completions", (), BODY)),
        ):
            assert upstream.state(foreign).ready, "it carries no credential for this server"
    assert len(asked) == 3


async def collect_first(
    upstream: Upstream, late: Callable[[str], None], asked: ChatRequest | None = None
) -> Event:
    async with aclosing(upstream.stream(asked or request(), late)) as events:
        return await anext(events)


async def wants_a_moment(_: web.Request) -> web.StreamResponse:
    headers = {"retry-after": f"{LONG_PAUSE:.0f}"}
    return web.json_response({"error": "busy"}, status=529, headers=headers)


async def test_one_that_wants_a_moment_is_relayed_to_who_waits(make: Make) -> None:
    async with serving(wants_a_moment) as url:
        upstream = make(url)
        started = await collect_first(upstream, somebody, replace(request(), patient=True))
        assert isinstance(started, RelayStarted)
        assert started.status == 529
        assert upstream.state(request()).ready
        assert failures(upstream) == 1


@pytest.mark.parametrize("stream", [True, False])
async def test_who_does_not_wait_a_moment_is_left_to_the_engine_behind(
    make: Make, stream: bool
) -> None:
    async with serving(wants_a_moment) as url:
        upstream = make(url)
        with pytest.raises(UpstreamUnreachable, match="status 529") as caught:
            await collect_first(upstream, somebody, request(stream=stream))
        assert (caught.value.status, caught.value.retry_after) == (529, LONG_PAUSE)
        assert upstream.state(request()).ready, "it is asked again for the next request"
        started, *_ = await collect(upstream, request(stream=stream))
        assert isinstance(started, RelayStarted), "nobody stands behind: it is told as it is"


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

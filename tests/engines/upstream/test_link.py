"""A server's health, connections kept, and the proxy on the way."""

import asyncio
from typing import Any

import pytest
from aiohttp import ConnectionTimeoutError, web
from aiohttp.test_utils import TestServer, unused_port

from edge.engines.base import nobody
from edge.engines.upstream import Server, open_session
from edge.engines.upstream.doubt import CONNECTION_LATE
from edge.engines.upstream.link import CONNECT_HEDGED, HEARD_EVERY, Link
from edge.errors import Overloaded, UpstreamUnreachable
from edge.state import Outcome
from edge.units import Seconds


def test_a_failure_is_named_and_a_refusal_says_nothing_of_health():
    link = Link("cloud", Server("https://a.example/v1"), None, lambda: 1.0)  # type: ignore[arg-type]
    assert str(link.refused("no")) == "cloud (a.example): no"
    assert link.health.state().reason == "not tried yet"
    assert str(link.failed("gone")) == "cloud (a.example): gone"
    assert link.health.state().reason == "gone (it may be tried again)"


def test_a_refusal_is_told_like_what_it_stands_for():
    link = Link("cloud", Server("https://a.example/v1"), None, lambda: 1.0)  # type: ignore[arg-type]
    like = Overloaded()
    error = link.refused("no", like)
    assert (error.status, error.kind, error.retry_after) == (529, like.kind, like.retry_after)
    assert link.refused("no").status == 502


async def test_who_does_not_get_through_is_not_ready_while_that_lasts():
    now = [1000.0]
    link = Link("cloud", Server("https://a.example"), None, lambda: now[0])  # type: ignore[arg-type]
    doubt = link.doubt(nobody)
    doubt.begin()
    assert link.state().ready
    now[0] += CONNECTION_LATE + 0.01
    doubt.look()
    assert (link.state().ready, link.state().reason) == (False, "no connection for 0.8 s")
    doubt.settled(content=True)
    assert link.state().ready


class Told:
    """Who is told how requests go."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def report(self, upstream: str, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


async def test_bytes_that_come_show_that_the_way_is_good():
    now, told = [1000.0], Told()
    more = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(3):
            await response.write(b"x")
            await more.wait()
            more.clear()
        return response

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as server, open_session() as session:
        url = str(server.make_url("/"))
        link = Link("cloud", Server(url), session, lambda: now[0], told)
        response, _ = await link.ask(url, (), b"", Seconds(5.0))
        for passed, reports in ((HEARD_EVERY, 1), (0.5, 1)):
            now[0] += passed
            more.set()
            assert await link.next(response) == b"x"
            assert told.outcomes == [Outcome(None)] * reports
        response.close()


@pytest.mark.parametrize(("late", "seconds"), [(nobody, 0.05), (print, CONNECT_HEDGED)])
async def test_where_somebody_else_is_asked_a_connection_may_take_longer(late, seconds):
    asked: list[float] = []

    class Session:
        async def post(self, *_: object, **options: Any) -> None:
            asked.append(options["timeout"].connect)
            raise ConnectionTimeoutError

    server = Server("https://a.example", connect_timeout=Seconds(0.05))
    link = Link("cloud", server, Session(), lambda: 0.0)  # type: ignore[arg-type]
    with pytest.raises(UpstreamUnreachable, match=f"no connection within {seconds:g} s"):
        await link.ask("https://a.example", (), b"", Seconds(5.0), link.doubt(late))
    assert asked == [seconds]


async def test_a_connection_is_used_again():
    peers = []

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response(body=b"whole")

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as server, open_session() as session:
        url = str(server.make_url("/"))
        link = Link("cloud", Server(url), session, lambda: 0.0)
        for _ in range(3):
            response, first = await link.ask(url, (), b"", Seconds(5.0))
            assert await link.whole(response, first, 100, Seconds(5.0)) == b"whole"
            response.close()
    assert len(set(peers)) == 1


async def test_bounds_of_a_body():
    silent = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * 1000)
        await silent.wait()
        return response

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as server, open_session() as session:
        url = str(server.make_url("/"))
        link = Link("cloud", Server(url), session, lambda: 0.0)
        for limit, words in ((10, "more than 10 bytes"), (10_000, "said nothing for 0.1 s")):
            response, first = await link.ask(url, (), b"", Seconds(5.0))
            with pytest.raises(UpstreamUnreachable, match=words):
                await link.whole(response, first + b"x" * 11, limit, Seconds(0.1))
            response.close()
        silent.set()


@pytest.mark.parametrize("is_open", [True, False])
async def test_the_way_leads_through_the_proxy(monkeypatch, is_open):
    asked = []

    async def proxied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(proxied, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1] if is_open else unused_port()
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with proxy, open_session() as session:
        link = Link("cloud", Server("https://a.example"), session, lambda: 0.0)
        with pytest.raises(UpstreamUnreachable) as caught:
            await link.ask("https://a.example/v1/messages", (), b"", Seconds(5.0))
    if is_open:
        assert asked == [b"CONNECT a.example:443 HTTP/1.1"]
        assert "the proxy refuses with status 403" in str(caught.value)
    else:
        assert "no connection to the proxy" in str(caught.value)

"""An upstream whose server answers badly, late, strangely or not at all."""

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer, unused_port

from edge.chat import ChatRequest, Failed, RelayChunk, RelayStarted, Wire
from edge.errors import UpstreamUnreachable
from tests.engines.upstream.upstreams import (
    BODY,
    EVENTS,
    HEAD,
    LAPTOP_KEY,
    SSE,
    Make,
    collect,
    failures,
    raw_server,
    refusal,
    request,
    serving,
)

pytestmark = pytest.mark.usefixtures("nothing_blocks")


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

"""The proxies of the environment, and what a session never does."""

import asyncio
import base64
import socket
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.engines.upstream import open_session
from edge.engines.upstream.session import (
    KEEPALIVE,
    KEEPALIVE_NEAR,
    on_connection,
    proxy_for,
)
from edge.errors import ConfigError

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://a.example", None),
        ({"https_proxy": "http://p:3128"}, "https://a.example", "http://p:3128"),
        ({"HTTPS_PROXY": "p:3128"}, "https://a.example/v1", "http://p:3128"),
        ({"https_proxy": "http://p:3128"}, "http://a.example", None),
        ({"all_proxy": "http://p:3128"}, "http://a.example", "http://p:3128"),
        ({"https_proxy": "http://p", "no_proxy": ".example"}, "https://a.example:8443", None),
        ({"https_proxy": "http://p", "no_proxy": "*"}, "https://a.example", None),
    ],
)
def test_the_proxy_of_an_address(monkeypatch, variables, url, proxy):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_proxy_that_cannot_be_used_is_told(monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://user:secret@p:1080")
    with pytest.raises(ConfigError, match="socks5 proxy: only http") as caught:
        proxy_for("https://a.example")
    assert "secret" not in str(caught.value)


async def test_no_credential_of_netrc_is_sent(tmp_path: Path, monkeypatch):
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(file))
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.Response(text="x", headers={"Set-Cookie": "a=1"})

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server, open_session() as session:
        for _ in range(2):
            async with session.get(server.make_url("/")) as response:
                assert await response.text() == "x"
    assert not any({"Authorization", "Cookie"} & set(headers) for headers in seen)
    assert base64.b64encode(b"somebody:secret") not in repr(seen).encode()


async def test_a_silence_is_doubted_soon_where_the_other_side_is_near():
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="x")

    told: list[asyncio.BaseTransport | None] = []
    on_connection.set(told.append)
    app = web.Application()
    app.router.add_get("/", answer)
    async with (
        TestServer(app) as server,
        open_session() as session,
        session.get(server.make_url("/")),
    ):
        (transport,) = told
        assert transport is not None
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        kept = {
            name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in KEEPALIVE
            if hasattr(socket, name)
        }
    assert kept.items() <= KEEPALIVE_NEAR.items()

"""Probes over real sockets: who answers as himself, who does not, and what is never sent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from edge.units import Seconds
from edge.uplink.evidence import Answered, Evidence, Lost, Portal
from edge.uplink.probe import (
    PROBE_TIMEOUT,
    Host,
    Page,
    Prober,
    Target,
    judge_error,
    judge_page,
    resolve,
)

CERTIFICATES = Path(__file__).parent / "certificates"

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CERTIFICATES / "ca.pem")


@pytest.fixture(scope="module")
def served() -> dict[str, ssl.SSLContext]:
    contexts = {}
    for name in ("localhost", "other", "expired"):
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(CERTIFICATES / f"{name}.pem")
    return contexts


class Heard:
    """What a server has read, once the other side has hung up."""

    def __init__(self) -> None:
        self.data = b""
        self.over = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.data += await reader.read()
        finally:
            writer.close()
            self.over.set()


@asynccontextmanager
async def server(talk: Conversation, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    talks: list[asyncio.Task[None] | None] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        await talk(reader, writer)

    made = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    async with made:
        yield made.sockets[0].getsockname()[1]
    await asyncio.gather(*(talk for talk in talks if talk), return_exceptions=True)


async def nobody(_: str) -> frozenset[str]:
    return frozenset()


def prober(
    *targets: Target,
    resolve: Callable[[str], Awaitable[frozenset[str]]] = nobody,
    patience: Seconds = PROBE_TIMEOUT,
) -> Prober:
    return Prober(
        targets,
        clock=asyncio.get_running_loop().time,
        word=lambda: "nobody",
        resolve=resolve,
        patience=patience,
    )


async def probed(*targets: Target, avoid: frozenset[str] = frozenset()) -> Evidence:
    return await prober(*targets)(avoid)


# --- hosts --------------------------------------------------------------------------------


async def test_a_host_that_is_itself_answers_and_is_asked_nothing(
    trusting: ssl.SSLContext, served: dict[str, ssl.SSLContext]
) -> None:
    heard = Heard()
    async with server(heard, served["localhost"]) as port:
        seen = await probed(Host("cloud", "localhost", port, trusting))
        async with asyncio.timeout(5):
            await heard.over.wait()
    assert isinstance(seen, Answered)
    assert (seen.name, seen.probe) == ("cloud", True)
    assert seen.took is not None
    assert 0 < seen.took < 4
    assert heard.data == b"", "no request, and no credential"


async def test_the_certificate_of_another_is_a_sign_in_page(
    trusting: ssl.SSLContext, served: dict[str, ssl.SSLContext]
) -> None:
    async with server(Heard(), served["other"]) as port:
        seen = await probed(Host("cloud", "localhost", port, trusting))
    assert seen == Portal("cloud", "the certificate shown for localhost is not its own")


async def test_a_certificate_that_nobody_known_has_signed_is_one_too(
    served: dict[str, ssl.SSLContext],
) -> None:
    async with server(Heard(), served["localhost"]) as port:
        known = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        seen = await probed(Host("cloud", "localhost", port, known))
    assert isinstance(seen, Portal)


async def test_a_certificate_of_another_time_may_be_the_box_s_own_clock(
    trusting: ssl.SSLContext, served: dict[str, ssl.SSLContext]
) -> None:
    async with server(Heard(), served["expired"]) as port:
        seen = await probed(Host("cloud", "localhost", port, trusting))
    assert isinstance(seen, Lost)
    assert (seen.kind, "clock" in seen.why) == ("stranger", True)


async def test_something_without_tls_is_a_sign_in_page(trusting: ssl.SSLContext) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://sign.in/\r\n\r\n")
        await writer.drain()
        writer.close()

    async with server(talk) as port:
        seen = await probed(Host("cloud", "localhost", port, trusting))
    assert seen == Portal("cloud", "something without TLS answers for localhost")


async def test_a_plain_host_is_only_connected_to() -> None:
    heard = Heard()
    async with server(heard) as port:
        assert isinstance(await probed(Host("plain", "127.0.0.1", port, None)), Answered)
        await heard.over.wait()
    assert heard.data == b""


async def test_a_closed_port_a_dead_name_and_a_broken_connection(
    trusting: ssl.SSLContext,
) -> None:
    seen = await probed(Host("cloud", "127.0.0.1", unused_port(), None))
    assert seen == Lost("cloud", "refused", "it refused the connection", probe=True)
    seen = await probed(Host("cloud", "a..b", 443, None))
    assert seen == Lost("cloud", "unreachable", "its name cannot be resolved", probe=True)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with server(hang_up) as port:
        seen = await probed(Host("cloud", "127.0.0.1", port, trusting))
    assert isinstance(seen, Lost)
    assert seen.kind == "reset"


async def test_a_host_that_says_nothing_is_not_waited_for(trusting: ssl.SSLContext) -> None:
    async with server(Heard()) as port:
        host = Host("cloud", "127.0.0.1", port, trusting)
        seen = await prober(host, patience=Seconds(0.05))(frozenset())
    assert seen == Lost("cloud", "timeout", "no connection within 0.05 s", probe=True)


async def test_names_that_all_lead_to_one_place_lead_to_a_sign_in_page() -> None:
    asked: list[str] = []

    async def everywhere(host: str) -> frozenset[str]:
        asked.append(host)
        return frozenset({"10.0.0.1"})

    host = Host("cloud", "127.0.0.1", unused_port(), None)
    seen = await prober(host, resolve=everywhere)(frozenset())
    assert seen == Portal("cloud", "every name leads to 10.0.0.1")
    assert asked == ["nobody.example.com", "127.0.0.1"]


# --- pages --------------------------------------------------------------------------------


@asynccontextmanager
async def page(answer: web.Response, got: list[web.Request]) -> AsyncIterator[Page]:
    async def respond(request: web.Request) -> web.StreamResponse:
        got.append(request)
        return answer

    app = web.Application()
    app.router.add_get("/ok", respond)
    async with TestServer(app) as running:
        yield Page("probe_url", str(running.make_url("/ok")))


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=204),
        lambda: web.Response(text="success\n"),
        lambda: web.Response(body=b""),
    ],
)
async def test_the_known_answer(answer: Callable[[], web.Response]) -> None:
    got: list[web.Request] = []
    async with page(answer(), got) as target:
        assert isinstance(await probed(target), Answered)
    assert not {"authorization", "cookie", "x-api-key"} & {name.lower() for name in got[0].headers}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            lambda: web.Response(text="<html>sign in</html>", content_type="text/html"),
            "a page is shown in place of",
        ),
        (lambda: web.Response(text=" <!doctype html>"), "a page is shown in place of"),
        (
            lambda: web.Response(status=302, headers={"Location": "http://sign.in/"}),
            "leads to another page",
        ),
        (lambda: web.Response(status=511), "the network says that it wants one to sign in"),
    ],
)
async def test_what_a_sign_in_page_answers(answer: Callable[[], web.Response], why: str) -> None:
    got: list[web.Request] = []
    async with page(answer(), got) as target:
        seen = await probed(target)
    assert isinstance(seen, Portal)
    assert why in seen.why
    assert len(got) == 1, "nobody is followed to another page"


async def test_a_page_that_is_out_of_order_is_no_sign_in_page() -> None:
    async with page(web.Response(status=503), []) as target:
        seen = await probed(target)
    assert seen == Lost("probe_url", "stranger", "it answered with status 503", probe=True)


async def test_a_page_that_cannot_be_had(served: dict[str, ssl.SSLContext]) -> None:
    seen = await probed(Page("probe_url", f"http://127.0.0.1:{unused_port()}/"))
    assert isinstance(seen, Lost)
    assert seen.kind == "refused"
    async with server(Heard(), served["localhost"]) as port:
        seen = await probed(Page("probe_url", f"https://localhost:{port}/"))
    assert isinstance(seen, Portal), "its certificate is signed by nobody known"

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"this is no HTTP\r\n\r\n")
        await writer.drain()
        writer.close()

    async with server(nonsense) as port:
        seen = await probed(Page("probe_url", f"http://127.0.0.1:{port}/"))
    assert isinstance(seen, Lost)


# --- turns and judgements -----------------------------------------------------------------


async def test_targets_take_turns_and_those_with_trouble_are_left_out() -> None:
    ports = [unused_port() for _ in range(3)]
    turns = prober(*(Host(f"h{i}", "127.0.0.1", port, None) for i, port in enumerate(ports)))
    names = [(await turns(frozenset())).name for _ in range(4)]
    assert names == ["h0", "h1", "h2", "h0"]
    assert [(await turns(frozenset({"h1"}))).name for _ in range(3)] == ["h2", "h0", "h2"]
    assert (await turns(frozenset({"h0", "h1", "h2"}))).name == "h0"


def test_errors_of_other_kinds() -> None:
    host = Host("cloud", "c.example", 443, None)
    no_way = judge_error(host, OSError(101, "Network is unreachable"))
    assert isinstance(no_way, Lost)
    assert no_way.kind == "unreachable"
    alert = judge_error(host, ssl.SSLError(1, "[SSL: TLSV1_ALERT_INTERNAL_ERROR]"))
    assert isinstance(alert, Lost)
    assert alert.kind == "reset"


def test_a_page_without_a_type_is_judged_by_what_it_is() -> None:
    target = Page("p", "http://x.example/ok")
    assert judge_page(target, 200, "application/octet-stream", b"ok") is None
    assert isinstance(judge_page(target, 200, "application/octet-stream", b"<HTML>"), Portal)


async def test_names_are_looked_up_by_the_system() -> None:
    assert await resolve("127.0.0.1") == {"127.0.0.1"}
    assert await resolve("a..b") == frozenset()

"""What an upstream tells of the network as its requests go well or badly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import unused_port

from edge.chat import ChatRequest, Failed, Wire
from edge.engines.upstream import Server, Upstream, open_session
from edge.errors import UpstreamUnreachable
from edge.state import Outcome
from edge.units import Seconds

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Heard:
    told: list[tuple[str, Outcome]] = field(default_factory=list)

    def report(self, upstream: str, outcome: Outcome) -> None:
        self.told.append((upstream, outcome))


class NoNames(AbstractResolver):
    async def resolve(self, *_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def close(self) -> None:
        pass


@asynccontextmanager
async def server(answer: Answer, read_head: bool = True) -> AsyncIterator[str]:
    """A server that speaks in bytes; every conversation is over when the block is."""
    talks: list[asyncio.Task[None] | None] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        if read_head:
            await reader.readuntil(b"\r\n\r\n")
        await answer(reader, writer)
        writer.close()
        await writer.wait_closed()

    served = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with served:
        yield f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}"
    await asyncio.gather(*(talk for talk in talks if talk))


async def told(url: str, stream: bool = True, session: aiohttp.ClientSession | None = None):
    """What one request to ``url`` has told, by name and outcome."""
    heard, times = Heard(), iter(range(1000, 2000))
    async with session or open_session() as opened:
        upstream = Upstream(
            "cloud",
            Server(
                url,
                credential="none",
                connect_timeout=Seconds(0.5),
                first_byte_timeout=Seconds(0.2),
            ),
            opened,
            clock=lambda: next(times),
            is_own_token=lambda _: False,
            outcomes=heard,
        )
        asked = ChatRequest("x", (), stream=stream, wire=Wire("anthropic", "/v1/messages", (), b""))
        try:
            async with aclosing(upstream.stream(asked)) as events:
                last = [event async for event in events][-1]
        except UpstreamUnreachable:
            last = None
        assert last is None or isinstance(last, Failed) or heard.told[-1][1].failure is None
    assert {name for name, _ in heard.told} <= {"cloud"}
    return [outcome for _, outcome in heard.told]


def head(kind: str, length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


async def whole(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("text/event-stream", 2) + b"hi")


async def json(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("application/json", 2) + b"{}")


async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("text/event-stream", 2) + b"h")
    await writer.drain()


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n")


async def gone(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"this is no HTTP\r\n\r\n")


async def test_an_answer_and_how_long_its_first_byte_took() -> None:
    async with server(whole) as url:
        (outcome,) = await told(url)
    assert outcome.failure is None
    assert outcome.first_byte == 2, "one for each time that somebody looked at the clock"


async def test_an_answer_in_one_piece_says_nothing_of_speed() -> None:
    async with server(json) as url:
        assert await told(url, stream=False) == [Outcome()]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(silent, "stall"), (redirect, "stranger"), (gone, "reset"), (nonsense, "stranger")],
)
async def test_what_went_wrong_before_an_answer(answer: Answer, kind: str) -> None:
    async with server(answer) as url:
        assert [outcome.failure for outcome in await told(url)] == [kind]


async def test_an_answer_that_breaks_off() -> None:
    async with server(cut) as url:
        assert [outcome.failure for outcome in await told(url)] == [None, "reset"]


async def test_a_machine_that_says_no_and_a_name_that_nobody_knows() -> None:
    (outcome,) = await told(f"http://127.0.0.1:{unused_port()}")
    assert outcome.failure == "refused"
    offline = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoNames()))
    (outcome,) = await told("https://api.example", session=offline)
    assert outcome.failure == "unreachable"


async def test_a_server_that_speaks_no_tls_is_a_stranger() -> None:
    async with server(nonsense, read_head=False) as url:
        (outcome,) = await told(url.replace("http://", "https://"))
    assert outcome.failure == "stranger"

"""Requests over kept connections that were closed meanwhile: sent again only if nobody saw them.

The server's side is blocking sockets on purpose: it acts within one step of the client's loop,
which so has no chance to notice that a connection is closed before it uses it.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import pytest

from edge.engines.upstream import Server, open_session
from edge.engines.upstream.link import Link
from edge.engines.upstream.reused import Reused, Trip
from edge.errors import UpstreamUnreachable
from edge.units import Seconds

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
ABORT = struct.pack("ii", 1, 0)


class Far:
    """A server that answers by hand."""

    def __init__(self, link: Link, listening: socket.socket) -> None:
        self.link = link
        self._listening = listening

    async def accept(self) -> socket.socket:
        sock, _ = await asyncio.get_running_loop().sock_accept(self._listening)
        sock.setblocking(False)
        return sock

    async def ask(self, body: bytes = b"ask") -> bytes:
        host, port = self._listening.getsockname()
        url = f"http://{host}:{port}/"
        response, chunk = await self.link.ask(url, (), body, Seconds(5.0))
        assert await self.link.next(response) == b""
        return chunk


async def hear(sock: socket.socket, body: bytes = b"ask") -> None:
    """A whole request."""
    heard = b""
    while not heard.endswith(b"\r\n\r\n" + body):
        more = await asyncio.get_running_loop().sock_recv(sock, 65_536)
        assert more
        heard += more


async def answer(sock: socket.socket, body: bytes = b"ask") -> None:
    await hear(sock, body)
    await asyncio.get_running_loop().sock_sendall(sock, ANSWER)


@asynccontextmanager
async def far() -> AsyncIterator[Far]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        async with open_session() as session:
            host, port = listening.getsockname()
            link = Link("cloud", Server(f"http://{host}:{port}"), session, lambda: 0.0)
            yield Far(link, listening)


async def kept(server: Far) -> socket.socket:
    """The server's end of a connection that has carried a request and is kept."""
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(server.ask())
        sock = await server.accept()
        await answer(sock)
        assert await asking == b"hi"
    return sock


@pytest.mark.parametrize("size", [3, 5_000_000])
async def test_a_connection_that_was_closed_while_idle(size: int):
    body = b"x" * size
    async with far() as server:
        (await kept(server)).close()
        async with asyncio.TaskGroup() as tasks:
            # Nothing runs between the close and the request: the task takes no turn before.
            asking = tasks.create_task(server.ask(body))
            sock = await server.accept()
            await answer(sock, body)
            assert await asking == b"hi"
        sock.close()
        assert dict(server.link.health.state().measures)["upstream_failures_total"] == 0


async def test_a_request_that_was_read_is_not_sent_again():
    async with far() as server:
        sock = await kept(server)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(refused(server))
            await hear(sock)
            sock.close()
            assert "the connection broke before an answer" in await asking


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_reset_proves_nothing(is_heard: bool):
    async with far() as server:
        sock = await kept(server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(refused(server))
            if is_heard:
                await hear(sock)
            else:
                while not await asyncio.to_thread(peek, sock):
                    pass
            sock.close()
            assert "the connection broke before an answer" in await asking


async def test_a_fresh_connection_that_ends_is_a_failure():
    async with far() as server, asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(refused(server))
        (await server.accept()).close()
        assert "the connection broke before an answer" in await asking


async def refused(server: Far) -> str:
    with pytest.raises(UpstreamUnreachable) as caught:
        await server.ask()
    return str(caught.value)


def peek(sock: socket.socket) -> bool:
    try:
        return bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


class Kept(asyncio.Transport):
    """A connection that has carried a request before."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__({"socket": sock})


@contextmanager
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        there, _ = listening.accept()
        with near, there:
            near.sendall(b"the first request")
            assert there.recv(100) == b"the first request"
            yield near, there


def over_a_kept(watch: Reused, sock: socket.socket) -> Trip:
    kept = Kept(sock)
    with watch.watching() as first:
        first.over(kept)
        assert not first.never_arrived(aiohttp.ServerDisconnectedError()), "it was a fresh one"
    trip = Trip(watch._known)
    trip.over(kept)
    return trip


def test_what_was_written_to_an_ended_connection_never_arrived():
    with connection() as (near, there):
        trip = over_a_kept(Reused(), near)
        there.close()
        near.sendall(b"the second request")
        assert near.recv(1) == b""
        assert trip.never_arrived(aiohttp.ServerDisconnectedError())
        with pytest.raises(BrokenPipeError) as caught:
            near.sendall(b"more of it")
        near.close()
        assert trip.never_arrived(aiohttp.ClientOSError(*caught.value.args))
        trip.close()
        assert not trip.never_arrived(aiohttp.ServerDisconnectedError())


def test_what_the_other_side_has_may_have_been_read():
    with connection() as (near, there):
        trip = over_a_kept(Reused(), near)
        near.sendall(b"the second request")
        there.recv(100)
        there.close()
        assert near.recv(1) == b""
        assert not trip.never_arrived(aiohttp.ServerDisconnectedError())
        trip.close()


def test_without_a_connection_there_is_no_proof():
    with Reused().watching() as trip:
        trip.over(None)
        assert not trip.never_arrived(aiohttp.ServerDisconnectedError())

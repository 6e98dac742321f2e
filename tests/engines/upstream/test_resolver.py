"""Names that were once known stay known while nobody can be asked."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from edge.engines.upstream.resolver import RememberingResolver
from edge.units import Seconds


def address(host: str) -> ResolveResult:
    return ResolveResult(
        hostname="a.example", host=host, port=443, family=socket.AF_INET, proto=0, flags=0
    )


class Scripted(AbstractResolver):
    """Answers, fails, or hangs."""

    def __init__(self, *steps: object) -> None:
        self._steps = list(steps)
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        match self._steps.pop(0):
            case OSError() as error:
                raise error
            case list() as found:
                return found
            case _:
                await asyncio.Event().wait()
                raise AssertionError

    async def close(self) -> None:
        self.closed = True


GONE = socket.gaierror(socket.EAI_AGAIN, "no")
HANG = object()
OLD, NEW = [address("192.0.2.1")], [address("192.0.2.2")]


async def test_the_last_good_addresses_serve_while_the_name_server_is_away() -> None:
    inner = Scripted(OLD, GONE, HANG, [], NEW, GONE)
    resolver = RememberingResolver(inner, Seconds(0.01))
    got = [await resolver.resolve("a.example", 443) for _ in range(6)]
    assert got == [OLD, OLD, OLD, [], NEW, NEW]
    await resolver.close()
    assert inner.closed


async def test_a_name_that_never_resolved_is_not_found() -> None:
    resolver = RememberingResolver(Scripted(OLD, GONE))
    await resolver.resolve("a.example", 443)
    with pytest.raises(socket.gaierror):
        await resolver.resolve("b.example", 443)

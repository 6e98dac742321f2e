"""What tests of an upstream are given."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from blockbuster import blockbuster_ctx

from edge.engines.upstream import Credential, Server, Upstream, open_session
from edge.units import Seconds
from tests.engines.upstream.upstreams import (
    BOX_TOKEN,
    Clock,
    Make,
)


@pytest.fixture
def nothing_blocks() -> Iterator[None]:
    """Not the test itself either."""
    with blockbuster_ctx():
        yield


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


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

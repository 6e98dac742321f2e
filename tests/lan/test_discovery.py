"""Announcing and finding over real sockets on the loopback interface.

``tests/system/test_find.py`` does the same between two network namespaces.
"""

import asyncio
import secrets
from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from edge.lan.box import SERVICE_TYPE, Box, Offer
from edge.lan.discovery import Announcer, find, instance_name
from edge.units import Seconds

LOOPBACK = ("127.0.0.1",)
LONG_ENOUGH = Seconds(1.6)


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    with blockbuster_ctx():
        yield


def offer(name: str = "") -> Offer:
    """An offer whose name and id no other run on this machine has."""
    mark = secrets.token_hex(4)
    return Offer(name or f"box-{mark}", mark, "0.1.0", port=4141, auth="token", model="coder")


async def test_found_while_announced() -> None:
    mine = offer()
    async with Announcer(mine, LOOPBACK) as announcer:
        assert announcer.name == mine.name
        assert announcer.addresses == LOOPBACK
        expected = Box(
            name=mine.name,
            addresses=LOOPBACK,
            port=4141,
            id=mine.id,
            version="0.1.0",
            model="coder",
            auth="token",
        )
        assert expected in await find(LONG_ENOUGH, LOOPBACK)
    assert announcer.name is None


async def test_leaving_says_goodbye_to_those_who_watch() -> None:
    mine = offer()
    gone = asyncio.Event()

    def watch(*, name: str, state_change: ServiceStateChange, **_: object) -> None:
        if state_change is ServiceStateChange.Removed and name.startswith(mine.name):
            gone.set()

    async with (
        AsyncZeroconf(interfaces=list(LOOPBACK)) as network,
        AsyncServiceBrowser(network.zeroconf, SERVICE_TYPE, handlers=[watch]),
    ):
        async with Announcer(mine, LOOPBACK):
            assert not gone.is_set()
        async with asyncio.timeout(2):
            await gone.wait()


async def test_nowhere_to_announce_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with Announcer(offer(), ("203.0.113.1",)) as announcer:
        assert announcer.name is None
    assert "no interface has an address" in caplog.text


async def test_nowhere_to_look_finds_nothing() -> None:
    assert await find(LONG_ENOUGH, ("203.0.113.1",)) == ()


async def test_a_start_that_is_cancelled_leaves_nothing_open() -> None:
    announcer = Announcer(offer(), LOOPBACK)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), announcer:
            pytest.fail("registering takes longer than this")
    assert announcer.name is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada's car", "Ada's car"),
        ("pi.lan", "pi-lan"),
        ("a\x1b\n\tb", "ab"),
        ("\x00", "codriver-00000000"),
        ("\u00e4" * 40, "\u00e4" * 29),
    ],
)
def test_instance_name(name: str, expected: str) -> None:
    assert instance_name(Offer(name, "00000000", "1", port=1, auth="none")) == expected

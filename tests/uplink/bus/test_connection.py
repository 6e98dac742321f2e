"""A connection: calls, refusals, and every way in which there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.units import Seconds
from edge.uplink.bus.connection import DAEMON, Bus, BusGone, Refused, use
from tests.uplink.bus import running
from tests.uplink.bus.running import KINDS, Running

PATIENCE = Seconds(20.0)


@pytest.fixture(params=KINDS)
def daemon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    with running.bus(request.param, tmp_path / "bus") as made:
        yield made


@pytest.mark.usefixtures("daemon")
async def test_the_bus_answers_and_refuses(tmp_path: Path) -> None:
    async def work(bus: Bus) -> None:
        await bus.match("type='signal'")
        with pytest.raises(Refused) as refused:
            await bus.ask_daemon("GetNameOwner", "org.example.Nobody")
        assert refused.value.name == "org.freedesktop.DBus.Error.NameHasNoOwner"
        with pytest.raises(Refused) as refused:
            await bus.call("org.example.Nobody", "/", "org.example", "Wake")
        assert refused.value.name == "org.freedesktop.DBus.Error.NameHasNoOwner", "nobody is woken"
        raise BusGone("enough")

    assert await use(f"unix:path={tmp_path / 'bus'}", work, PATIENCE) == "enough"


async def test_a_bus_that_goes_is_noticed(daemon: Running, tmp_path: Path) -> None:
    async def work(bus: Bus) -> None:
        await bus.match(f"type='signal',sender='{DAEMON}'")
        await asyncio.to_thread(daemon.end)
        await asyncio.Event().wait()

    why = await use(f"unix:path={tmp_path / 'bus'}", work, PATIENCE)
    assert why == "the bus has closed the connection"


async def never(_: Bus) -> None:
    pytest.fail("there is no bus")


async def test_no_bus(tmp_path: Path) -> None:
    assert await use(f"unix:path={tmp_path}/bus", never) == "there is no system bus"


async def test_an_address_that_is_none() -> None:
    assert (await use("nonsense", never)).startswith("the system bus cannot be used: ")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"REJECTED EXTERNAL\r\n", "the system bus cannot be used: authentication failed"),
        (b"", "the system bus cannot be used: connection closed"),
        (None, "the system bus does not answer within 0.1 s"),
    ],
)
async def test_who_lets_nobody_in(tmp_path: Path, answer: bytes | None, why: str) -> None:
    left = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()
        left.set()

    patience = Seconds(0.1) if answer is None else PATIENCE
    async with await asyncio.start_unix_server(refuse, tmp_path / "bus"):
        assert (await use(f"unix:path={tmp_path / 'bus'}", never, patience)).startswith(why)
        await left.wait()

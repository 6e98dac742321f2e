"""The same modem by one way and by the other, and nobody sees a difference."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.uplink.evidence import Modem
from edge.uplink.modem.either import follow
from edge.uplink.pause import pause
from tests.uplink.bus import running
from tests.uplink.bus.running import Running
from tests.uplink.modem.simulated import Simulated, modem

BY_PORT = Modem("home", -91, "rsrp", "Example Mobile", technology="4G")
BY_MANAGER = Modem("home", 64, "percent", "Example Mobile", "wwan0", "4G")
Told = asyncio.Queue[Modem]


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    with modem(tmp_path) as made:
        yield made


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "bus"
    with running.bus("hw/sim", path), running.service("ModemManager", path) as made:
        yield made


@asynccontextmanager
async def followed(tmp_path: Path, setting: str) -> AsyncIterator[Told]:
    told: Told = asyncio.Queue()
    bus = f"unix:path={tmp_path / 'bus'}"
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follow(told.put_nowait, setting, bus, pause=pause))
        try:
            async with asyncio.timeout(60):
                yield told
        finally:
            following.cancel()


async def test_without_a_bus_the_port_is_read(simulated: Simulated, tmp_path: Path) -> None:
    async with followed(tmp_path, str(simulated.link)) as told:
        assert await told.get() == BY_PORT


async def test_without_the_port_its_manager_is_asked(manager: Running, tmp_path: Path) -> None:
    async with followed(tmp_path, "/dev/cdc-wdm-sim") as told:
        assert await told.get() == BY_MANAGER
        await asyncio.to_thread(manager.do, serve=False)
        assert await told.get() == Modem(), "of a modem that is gone nothing is known"
        await asyncio.to_thread(manager.do, serve=True)
        assert await told.get() == BY_MANAGER


async def test_a_port_that_the_manager_has_not_is_read(
    simulated: Simulated, manager: Running, tmp_path: Path
) -> None:
    async with followed(tmp_path, str(simulated.link)) as told:
        assert await told.get() == BY_PORT


async def test_where_both_can_the_manager_s_word_counts(
    simulated: Simulated, manager: Running, tmp_path: Path
) -> None:
    name = (await asyncio.to_thread(simulated.link.resolve)).name
    modem = "/org/freedesktop/ModemManager1/Modem/0"
    ports = [[name, 3], ["wwan0", 2]]
    change = [modem, "org.freedesktop.ModemManager1.Modem", {"Ports": ports}]
    await asyncio.to_thread(manager.do, set=change)
    async with followed(tmp_path, str(simulated.link)) as told:
        while await told.get() != BY_MANAGER:
            pass
        await asyncio.to_thread(manager.do, serve=False)
        while await told.get() != BY_PORT:
            pass

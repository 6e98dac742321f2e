"""A modem that ModemManager has, on a bus that runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.uplink.evidence import Modem
from edge.uplink.modem.managed import follow
from edge.uplink.modem.properties import NETWORK, SIGNAL
from tests.uplink.bus import running
from tests.uplink.bus.running import KINDS, Running

PATH = "/org/freedesktop/ModemManager1/Modem/0"
GOOD = Modem("home", 64, "percent", "Example Mobile", "wwan0", "4G")
Told = asyncio.Queue[Modem | None]


@pytest.fixture(params=KINDS)
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "bus"
    with running.bus(request.param, path), running.service("ModemManager", path) as made:
        yield made


@asynccontextmanager
async def followed(tmp_path: Path, setting: str) -> AsyncIterator[Told]:
    told: Told = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(
            follow(told.put_nowait, setting, f"unix:path={tmp_path / 'bus'}")
        )
        try:
            async with asyncio.timeout(60):
                yield told
        finally:
            following.cancel()


async def test_readings_are_told_as_they_change(manager: Running, tmp_path: Path) -> None:
    async with followed(tmp_path, "auto") as told:
        assert await told.get() == GOOD
        await asyncio.to_thread(manager.do, set=[PATH, NETWORK, {"RegistrationState": 2}])
        searching = await told.get()
        assert searching is not None
        assert searching.registered is False
        await asyncio.to_thread(manager.do, set=[PATH, NETWORK, {"RegistrationState": 5}])
        roaming = await told.get()
        assert roaming is not None
        assert roaming.registered is True
        await asyncio.to_thread(manager.do, set=[PATH, SIGNAL, {"Lte": {"rsrp": -121.0}}])
        low = await told.get()
        assert low is not None
        assert (low.strength, low.measure) == (-121, "rsrp")
        await asyncio.to_thread(manager.do, serve=False)
        assert await told.get() is None


async def test_a_port_by_its_own_name_and_by_udev_s(manager: Running, tmp_path: Path) -> None:
    link = tmp_path / "modem"
    await asyncio.to_thread(link.symlink_to, "/dev/ttyUSB2")
    for setting in ("/dev/ttyUSB2", str(link)):
        async with followed(tmp_path, setting) as told:
            assert await told.get() == GOOD


async def test_another_modem_s_port(
    manager: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with followed(tmp_path, "/dev/ttyUSB9") as told:
            while "it has no modem with /dev/ttyUSB9" not in caplog.text:
                await asyncio.to_thread(manager.do, set=[PATH, NETWORK, {"OperatorName": "x"}])
            assert told.empty()
    said = [one.message for one in caplog.records if "no modem is read" in one.message]
    assert said == ["no modem is read from ModemManager: it has no modem with /dev/ttyUSB9"]

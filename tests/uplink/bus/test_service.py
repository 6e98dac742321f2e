"""A service that is followed through everything that happens to services, and to the bus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from edge.units import Seconds
from edge.uplink.bus.objects import Objects
from edge.uplink.bus.service import TRY_AGAIN, TRY_AGAIN_AT_MOST, follow
from edge.uplink.modem.properties import MODEM, MODEM_MANAGER, NETWORK
from edge.uplink.pause import pause
from tests.uplink.bus import running
from tests.uplink.bus.running import KINDS, Running

PATH = "/org/freedesktop/ModemManager1/Modem/0"
Told = asyncio.Queue[Objects | None]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def daemon(kind: str, tmp_path: Path) -> Iterator[Running]:
    with running.bus(kind, tmp_path / "bus") as made:
        yield made


@pytest.fixture
def manager(daemon: Running, tmp_path: Path) -> Iterator[Running]:
    with running.service("ModemManager", tmp_path / "bus") as made:
        yield made


async def soon(stir: asyncio.Event, seconds: Seconds | None) -> None:
    """Time passes a hundred times as fast."""
    await pause(stir, Seconds((seconds or 0) / 100))


@asynccontextmanager
async def followed(tmp_path: Path) -> AsyncIterator[Told]:
    told: Told = asyncio.Queue()
    address = f"unix:path={tmp_path / 'bus'}"
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follow(MODEM_MANAGER, told.put_nowait, address, pause=soon))
        try:
            async with asyncio.timeout(60):
                yield told
        finally:
            following.cancel()


async def state(told: Told) -> int:
    objects = await told.get()
    assert objects is not None
    found: int = objects[PATH][MODEM]["State"]
    return found


async def test_properties_are_followed(manager: Running, tmp_path: Path) -> None:
    async with followed(tmp_path) as told:
        first = await told.get()
        assert first is not None
        assert first[PATH][MODEM]["State"] == 11
        assert first[PATH][NETWORK]["OperatorName"] == "Example Mobile"
        assert set(first[PATH]) <= MODEM_MANAGER.interfaces, "others are not kept"
        await asyncio.to_thread(manager.do, set=[PATH, MODEM, {"State": 7}])
        assert await state(told) == 7
        await asyncio.to_thread(manager.do, remove=PATH)
        assert await told.get() == {}
        listed = await asyncio.to_thread(manager.do, add=PATH)
        assert await state(told) == 7
        assert listed == {"listed": 1}, "signals said it all"


async def test_a_value_that_is_not_signalled_is_asked_for(manager: Running, tmp_path: Path) -> None:
    async with followed(tmp_path) as told:
        await told.get()
        await asyncio.to_thread(manager.do, forget=[PATH, MODEM, "State"])
        assert await state(told) == 11
        assert await asyncio.to_thread(manager.do, report=True) == {"listed": 2}


async def test_a_service_that_goes_and_comes(
    manager: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with followed(tmp_path) as told:
            await told.get()
            await asyncio.to_thread(manager.do, serve=False)
            assert await told.get() is None
            await asyncio.to_thread(manager.do, serve=True)
            assert await state(told) == 11
            await asyncio.to_thread(manager.end)
            assert await told.get() is None
            with ExitStack() as stack:
                again = running.service("ModemManager", tmp_path / "bus")
                await asyncio.to_thread(stack.enter_context, again)
                assert await state(told) == 11
    said = [record.message for record in caplog.records if record.name.startswith("edge")]
    assert said[:3] == [
        "ModemManager is asked over the system bus",
        "ModemManager is not asked: it does not run",
        "ModemManager is asked over the system bus",
    ]


async def test_a_bus_that_goes_and_comes(
    kind: str, daemon: Running, manager: Running, tmp_path: Path
) -> None:
    async with followed(tmp_path) as told:
        await told.get()
        await asyncio.to_thread(daemon.end)
        assert await told.get() is None
        await asyncio.to_thread((tmp_path / "bus").unlink, missing_ok=True)
        with ExitStack() as stack:
            for again in (
                running.bus(kind, tmp_path / "bus"),
                running.service("ModemManager", tmp_path / "bus"),
            ):
                await asyncio.to_thread(stack.enter_context, again)
            assert await state(told) == 11


async def test_where_codriver_may_not_ask(
    manager: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(manager.do, deny=True)
    with caplog.at_level(logging.INFO):
        async with followed(tmp_path) as told:
            while "ModemManager is not asked: codriver is not allowed to" not in caplog.text:
                await soon(asyncio.Event(), Seconds(1.0))
            assert told.empty()
            await asyncio.to_thread(manager.do, deny=False)
            assert await state(told) == 11


@pytest.mark.usefixtures("manager")
async def test_a_stranger_s_signals_are_nothing(manager: Running, tmp_path: Path) -> None:
    """Another connection says the same, and it is not the service's."""
    with ExitStack() as stack:
        other = running.service("NetworkManager", tmp_path / "bus")
        stranger = await asyncio.to_thread(stack.enter_context, other)
        async with followed(tmp_path) as told:
            await told.get()
            device = "/org/freedesktop/NetworkManager/Devices/3"
            whole = "org.freedesktop.NetworkManager.Device"
            await asyncio.to_thread(stranger.do, set=[device, whole, {"Metered": 2}])
            await asyncio.to_thread(manager.do, set=[PATH, MODEM, {"State": 8}])
            assert await state(told) == 8
            assert told.empty()


async def test_without_a_bus_it_is_tried_ever_more_seldom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []

    async def counted(_: asyncio.Event, seconds: Seconds | None) -> None:
        pauses.append(seconds or 0)
        if len(pauses) == 9:
            raise asyncio.CancelledError

    told: list[Objects | None] = []
    with caplog.at_level(logging.INFO), pytest.raises(asyncio.CancelledError):
        await follow(MODEM_MANAGER, told.append, f"unix:path={tmp_path}/bus", pause=counted)
    assert (pauses[0], pauses[-1]) == (TRY_AGAIN, TRY_AGAIN_AT_MOST)
    assert pauses == sorted(pauses)
    assert told == []
    assert [record.message for record in caplog.records] == [
        "ModemManager is not asked: there is no system bus"
    ], "the same reason is said once"

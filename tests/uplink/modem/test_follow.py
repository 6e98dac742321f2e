"""A modem that is followed through everything that happens to modems in cars."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.units import Seconds
from edge.uplink.evidence import Modem
from edge.uplink.modem.follow import OPEN_AGAIN, OPEN_AGAIN_AT_MOST, POLL_EVERY, follow
from edge.uplink.pause import pause
from tests.uplink.modem.simulated import Simulated, modem

GOOD = Modem("home", -91, "rsrp", "Example Mobile", technology="4G")
Told = asyncio.Queue[Modem]


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    with modem(tmp_path) as made:
        yield made


async def soon(stir: asyncio.Event, seconds: Seconds | None) -> None:
    """Time passes a thousand times as fast."""
    await pause(stir, Seconds((seconds or 0) / 1000))


async def only_when_stirred(stir: asyncio.Event, seconds: Seconds | None) -> None:
    if seconds == POLL_EVERY:
        await stir.wait()
    else:
        await soon(stir, seconds)


@asynccontextmanager
async def followed(simulated: Simulated, pause=soon) -> AsyncIterator[Told]:
    told: Told = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(
            follow(told.put_nowait, str(simulated.link), pause=pause, patience=Seconds(5.0))
        )
        try:
            async with asyncio.timeout(60):
                yield told
        finally:
            following.cancel()


async def test_facts_are_told_as_they_change(simulated: Simulated) -> None:
    async with followed(simulated) as told:
        assert await told.get() == GOOD
        await asyncio.to_thread(simulated.set, rsrp=20)
        assert await told.get() == replace(GOOD, strength=-121)
        await asyncio.to_thread(simulated.set, rsrp=255)
        assert await told.get() == replace(GOOD, strength=-73, measure="rssi")
        await asyncio.to_thread(simulated.set, csq=99, operator="")
        last = Modem("home", None, "rssi", None)
        while await told.get() != last:
            pass


async def test_a_registration_that_is_lost_is_told_unasked(simulated: Simulated) -> None:
    async with followed(simulated, only_when_stirred) as told:
        assert await told.get() == GOOD
        await asyncio.to_thread(simulated.set, registration=2)
        assert (await told.get()).registration == "searching"
        await asyncio.to_thread(simulated.set, registration=5)
        assert (await told.get()).registration == "roaming"


async def test_a_modem_without_lte_commands(simulated: Simulated) -> None:
    await asyncio.to_thread(simulated.set, lte=False)
    async with followed(simulated) as told:
        assert await told.get() == replace(GOOD, strength=-73, measure="rssi")


async def test_unplugged_and_plugged_in_again(
    simulated: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with followed(simulated, only_when_stirred) as told:
            assert await told.get() == GOOD
            await asyncio.to_thread(simulated.set, plug=False)
            assert await told.get() == Modem(), "of a modem that is gone nothing is known"
            await asyncio.to_thread(simulated.set, plug=True)
            assert await told.get() == GOOD
    said = [record.message for record in caplog.records]
    assert said[0] == said[-1] == "the modem is read by AT commands: Example Mobile, home, 4G"
    assert any(line.startswith("no modem is read by AT commands: ") for line in said)


async def test_a_modem_that_is_not_there_is_looked_for_ever_more_seldom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []

    async def counted(_: asyncio.Event, seconds: Seconds | None) -> None:
        pauses.append(seconds or 0)
        if len(pauses) == 9:
            raise asyncio.CancelledError

    told: list[Modem] = []
    with caplog.at_level(logging.INFO), pytest.raises(asyncio.CancelledError):
        await follow(told.append, str(tmp_path / "none"), pause=counted)
    assert (pauses[0], pauses[-1]) == (OPEN_AGAIN, OPEN_AGAIN_AT_MOST)
    assert pauses == sorted(pauses)
    assert told == []
    assert len(caplog.records) == 1, "the same reason is said once"


def managed(root: Path, port: str) -> None:
    """A machine where ModemManager runs and the port is hardware."""
    (root / "proc/7").mkdir(parents=True)
    (root / "proc/7/comm").write_text("ModemManager\n")
    (root / "sys/class/tty" / port / "device").mkdir(parents=True)


async def test_a_port_that_is_somebody_else_s_is_left_alone(
    simulated: Simulated, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(managed, tmp_path / "root", simulated.link.resolve().name)

    async def once(_: asyncio.Event, __: Seconds | None) -> None:
        raise asyncio.CancelledError

    with caplog.at_level(logging.INFO), pytest.raises(asyncio.CancelledError):
        await follow(
            lambda modem: pytest.fail(f"told {modem}"),
            str(simulated.link),
            root=tmp_path / "root",
            pause=once,
        )
    assert "ModemManager runs and has the modems" in caplog.text
    assert (await asyncio.to_thread(simulated.set, report=True))["asked"] == []


async def test_auto_without_a_modem_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def once(_: asyncio.Event, __: Seconds | None) -> None:
        raise asyncio.CancelledError

    with caplog.at_level(logging.INFO), pytest.raises(asyncio.CancelledError):
        await follow(lambda modem: None, "auto", root=tmp_path, pause=once)
    assert caplog.records[0].message == (
        "no modem is read by AT commands: there is no USB modem with a network interface"
    )

"""A serial port over a real pty: asked, unasked, silent, taken, unplugged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.units import Seconds
from edge.uplink.modem.at import Answer
from edge.uplink.modem.port import Port, PortGone, open_serial
from tests.uplink.modem.simulated import Simulated, modem

PATIENCE = Seconds(10.0)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    with modem(tmp_path) as made:
        yield made


@asynccontextmanager
async def opened(
    simulated: Simulated, heard: asyncio.Queue[str], patience: Seconds = PATIENCE
) -> AsyncIterator[Port]:
    port = Port(await asyncio.to_thread(open_serial, simulated.link), heard.put_nowait, patience)
    try:
        yield port
    finally:
        port.close()


async def test_commands_are_answered_and_what_is_said_unasked_is_heard(
    simulated: Simulated,
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with opened(simulated, heard) as port:
        assert await port.ask("ATE0") == Answer()
        assert await port.ask("AT+CSQ") == Answer(("+CSQ: 20,99",))
        assert await port.ask("AT+NONE") == Answer((), "4")
        assert await port.ask("AT+CEREG=1") == Answer()
        await asyncio.to_thread(simulated.set, registration=2)
        assert await heard.get() == "+CEREG: 2"


async def test_garbage_before_an_answer(simulated: Simulated) -> None:
    async with opened(simulated, asyncio.Queue()) as port:
        await asyncio.to_thread(simulated.set, garbage=300)
        assert await port.ask("AT+CSQ") == Answer(("+CSQ: 20,99",))


async def test_silence_is_not_waited_for(simulated: Simulated) -> None:
    await asyncio.to_thread(simulated.set, mute=True)
    async with opened(simulated, asyncio.Queue(), Seconds(0.05)) as port:
        with pytest.raises(PortGone, match=r"no answer to AT within 0\.05 s"):
            await port.ask("AT")


async def test_an_unplugged_port_is_gone_for_who_waits_and_who_asks(
    simulated: Simulated,
) -> None:
    await asyncio.to_thread(simulated.set, mute=True)
    async with opened(simulated, asyncio.Queue()) as port:
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(unanswered(port))
            await asyncio.to_thread(simulated.set, plug=False)
        assert "unplugged" in waiting.result() or "gone" in waiting.result()
        await port.gone.wait()
        assert await unanswered(port) == "the modem is gone"


async def unanswered(port: Port) -> str:
    with pytest.raises(PortGone) as caught:
        await port.ask("AT")
    return str(caught.value)


async def test_a_port_that_another_program_has_is_left_alone(simulated: Simulated) -> None:
    async with opened(simulated, asyncio.Queue()):
        with pytest.raises(PortGone, match="in use by another program: it is left alone"):
            await asyncio.to_thread(open_serial, simulated.link)


def test_what_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(PortGone, match="cannot be opened: No such file"):
        open_serial(tmp_path / "none")
    (tmp_path / "file").write_text("no port")
    with pytest.raises(PortGone, match="cannot be opened: "):
        open_serial(tmp_path / "file")

"""Follows a modem by AT commands: finds its port, asks it at a modest interval, finds it again.

Tells facts as they change; a modem that is not there is told as one of which nothing is known.
A port that is somebody else's is left alone. Called through either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from edge.units import Seconds
from edge.uplink.evidence import Modem, Registration
from edge.uplink.modem.devices import candidates, interface_behind, owner
from edge.uplink.modem.meanings import (
    CALLS,
    PACKET,
    best_registration,
    operator,
    registration,
    rsrp,
    rssi,
    technology,
)
from edge.uplink.modem.port import ANSWER_TIMEOUT, Port, PortGone, open_serial
from edge.uplink.pause import Pause, pause

log = logging.getLogger(__name__)

AUTO = "auto"
POLL_EVERY = Seconds(20.0)
"""Registration is told unasked in between, where the modem can."""
OPEN_AGAIN, OPEN_AGAIN_AT_MOST = Seconds(1.0), Seconds(60.0)
"""After a port was lost, and when it is not there again; each pause is twice the one before."""

Tell: TypeAlias = Callable[[Modem], None]


@dataclass(frozen=True, slots=True)
class _Found:
    """A port to try; ``interface`` is what is behind it."""

    path: Path
    interface: str | None


async def follow(
    tell: Tell,
    setting: str,
    *,
    root: Path = Path("/"),
    pause: Pause = pause,
    patience: Seconds = ANSWER_TIMEOUT,
) -> None:
    """Until cancelled. ``setting`` is "auto" or the path of a port."""
    length, said = OPEN_AGAIN, ""
    while True:
        follower = _Follower(tell, pause, patience)
        why = await follower.run(setting, root)
        if follower.told is not None:
            length = OPEN_AGAIN
            tell(Modem())
        if why != said:
            log.info("no modem is read by AT commands: %s", why)
            said = why
        await pause(asyncio.Event(), length)
        length = Seconds(min(OPEN_AGAIN_AT_MOST, length * 2))


class _Follower:
    """One try: from a port that is found to its end."""

    def __init__(self, tell: Tell, pause: Pause, patience: Seconds) -> None:
        self._tell = tell
        self._sleep = pause
        self._patience = patience
        self._stir = asyncio.Event()
        self._known: dict[str, Registration | None] = {}
        self.told: Modem | None = None

    async def run(self, setting: str, root: Path) -> str:
        """Read the modem as long as it is there; returns why it is not (any more)."""
        why = "there is no USB modem with a network interface"
        for found in await asyncio.to_thread(_look, setting, root):
            whose = await asyncio.to_thread(owner, root, found.path)
            if whose is not None:
                why = whose
                continue
            try:
                await self._read(found)
            except PortGone as error:
                why = f"{found.path}: {error}" if str(found.path) not in str(error) else str(error)
            if self.told is not None:
                break
        return why

    async def _read(self, found: _Found) -> None:
        """Raises PortGone, in the end."""
        opened = await asyncio.to_thread(open_serial, found.path)
        port = Port(opened, self._hear, self._patience)
        try:
            await port.ask("ATE0")
            for name in PACKET:
                await port.ask(f"AT{name}=1")
            while True:
                self._stir.clear()
                self._say(await self._ask_all(port, found.interface))
                await self._pause(port)
        finally:
            port.close()

    async def _pause(self, port: Port) -> None:
        """Until the next look is due, something is said unasked, or the port is gone."""
        async with asyncio.TaskGroup() as tasks:
            losing = tasks.create_task(self._notice_loss(port), name="modem: gone")
            await self._sleep(self._stir, POLL_EVERY)
            losing.cancel()

    async def _notice_loss(self, port: Port) -> None:
        await port.gone.wait()
        self._stir.set()

    async def _ask_all(self, port: Port, interface: str | None) -> Modem:
        self._known = {}
        for name in (*PACKET, CALLS):
            for line in (await port.ask(f"AT{name}?")).lines:
                self._learn(line)
        level = [rsrp(line) for line in (await port.ask("AT+CESQ")).lines]
        total = [rssi(line) for line in (await port.ask("AT+CSQ")).lines]
        network = (await port.ask("AT+COPS?")).lines
        names = [operator(line) for line in network]
        kinds = [technology(line) for line in network]
        by_cell = next((dbm for dbm in level if dbm is not None), None)
        by_all = next((dbm for dbm in total if dbm is not None), None)
        return Modem(
            best_registration(self._known),
            by_all if by_cell is None else by_cell,
            "rssi" if by_cell is None else "rsrp",
            next((name for name in names if name), None),
            interface,
            next((kind for kind in kinds if kind), None),
        )

    def _hear(self, line: str) -> None:
        """Said unasked: when it is of the registration, everything is asked at once."""
        if registration(line) is not None:
            self._stir.set()

    def _learn(self, line: str) -> None:
        found = registration(line)
        if found is not None:
            self._known[found[0]] = found[1]

    def _say(self, modem: Modem) -> None:
        if self.told is None:
            log.info("the modem is read by AT commands: %s", modem.words)
        if modem != self.told:
            self.told = modem
            self._tell(modem)


def _look(setting: str, root: Path) -> list[_Found]:
    """The ports to try, by their own names: udev's are links. Blocking."""
    paths = candidates(root) if setting == AUTO else [Path(setting)]
    real = [path.resolve() for path in paths]
    return [_Found(path, interface_behind(root, path.name)) for path in real]

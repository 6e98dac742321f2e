"""Follows a modem that ModemManager owns, through ModemManager.

The shell around properties. Tells facts as they change, and None where ModemManager is not there
or has no such modem. Called through either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from edge.uplink.bus import follow as follow_service
from edge.uplink.bus.objects import Objects
from edge.uplink.evidence import Modem
from edge.uplink.modem.follow import AUTO
from edge.uplink.modem.properties import MODEM_MANAGER, reading
from edge.uplink.pause import Pause, pause

log = logging.getLogger(__name__)

Tell: TypeAlias = Callable[[Modem | None], None]


async def follow(tell: Tell, setting: str, address: str, *, pause: Pause = pause) -> None:
    """Until cancelled. ``setting`` is "auto" or the path of one of the modem's ports."""
    reader = _Reader(tell, setting)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            follow_service(MODEM_MANAGER, reader.see, address, pause=pause), name="modem: bus"
        )
        tasks.create_task(reader.run(), name="modem: meaning")


class _Reader:
    """Makes a reading of the latest objects; an older one that was not read yet is history."""

    def __init__(self, tell: Tell, setting: str) -> None:
        self._tell = tell
        self._setting = setting
        self._objects: Objects | None = None
        self._stir = asyncio.Event()
        self._told: Modem | None = None
        self._is_missing = False

    def see(self, objects: Objects | None) -> None:
        self._objects = objects
        self._stir.set()

    async def run(self) -> None:
        while True:
            await self._stir.wait()
            self._stir.clear()
            port = await asyncio.to_thread(_port, self._setting)
            objects = self._objects
            self._say(None if objects is None else reading(objects, port))
            self._note_missing(objects)

    def _say(self, modem: Modem | None) -> None:
        if self._told is None and modem is not None:
            log.info("the modem is read from ModemManager: %s", modem.words)
        if modem != self._told:
            self._told = modem
            self._tell(modem)

    def _note_missing(self, objects: Objects | None) -> None:
        """Said once, each time that ModemManager has none."""
        is_missing = objects is not None and self._told is None
        if is_missing and not self._is_missing:
            which = "no modem" if self._setting == AUTO else f"no modem with {self._setting}"
            log.info("no modem is read from ModemManager: it has %s", which)
        self._is_missing = is_missing


def _port(setting: str) -> str | None:
    """The port's own name: udev's are links. Blocking."""
    return None if setting == AUTO else Path(setting).resolve().name

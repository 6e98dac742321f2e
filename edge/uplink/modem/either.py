"""Follows a modem by whichever way it can be read: its own port, or ModemManager.

Both are tried all the time, and each says why it reads nothing; where ModemManager has the modem
its port is left alone. The watch gets one reading and does not know by which way. Called by app.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from edge.uplink.evidence import Modem
from edge.uplink.modem.follow import follow as follow_port
from edge.uplink.modem.managed import follow as follow_managed
from edge.uplink.pause import Pause, pause

Tell: TypeAlias = Callable[[Modem], None]


async def follow(
    tell: Tell, setting: str, bus: str, *, root: Path = Path("/"), pause: Pause = pause
) -> None:
    """Until cancelled. ``setting`` is "auto" or the path of a port, ``bus`` an address."""
    either = _Either(tell)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            follow_port(either.by_port, setting, root=root, pause=pause), name="modem: port"
        )
        tasks.create_task(
            follow_managed(either.by_manager, setting, bus, pause=pause), name="modem: manager"
        )


class _Either:
    """The latest of both; ModemManager's counts where it has one."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._port = Modem()
        self._managed: Modem | None = None
        self._told: Modem | None = None

    def by_port(self, modem: Modem) -> None:
        self._port = modem
        self._say()

    def by_manager(self, modem: Modem | None) -> None:
        self._managed = modem
        self._say()

    def _say(self) -> None:
        modem = self._managed or self._port
        if modem != self._told:
            self._told = modem
            self._tell(modem)

"""One connection to a message bus: calls, signals, and noticing that it is gone.

The only module that knows the D-Bus library. Knows no service. Used by service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from dbus_fast import (
    DBusFastError,
    Message,
    MessageFlag,
    MessageType,
    unpack_variants,
)
from dbus_fast.aio import MessageBus

from edge.units import Seconds
from edge.uplink.bus.objects import Signal

SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
"""The D-Bus specification's well-known system bus, where /var/run is /run."""
ANSWER_TIMEOUT = Seconds(10.0)

DAEMON, DAEMON_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"

_TROUBLE = (OSError, EOFError, TimeoutError, DBusFastError)


class BusGone(Exception):
    """There is no bus, no answer, or no connection any more. ``str()`` says so."""


class Refused(BusGone):
    """Somebody answered with an error. ``name`` is the error's."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class Bus:
    """Alive inside ``use``. ``signals`` has what came, in the bus's order."""

    def __init__(self, opened: MessageBus, patience: Seconds) -> None:
        self._bus = opened
        self._patience = patience
        self.signals: asyncio.Queue[Signal] = asyncio.Queue()
        opened.add_message_handler(self._hear)

    async def match(self, rule: str) -> None:
        """From now on signals come that ``rule`` fits. Raises BusGone."""
        await self.ask_daemon("AddMatch", rule)

    async def ask_daemon(self, member: str, word: str) -> tuple[Any, ...]:
        """What the bus itself answers. Raises BusGone."""
        _, body = await self.call(DAEMON, DAEMON_PATH, DAEMON, member, word)
        return body

    async def call(
        self, service: str, path: str, interface: str, member: str, *words: str
    ) -> tuple[str, tuple[Any, ...]]:
        """The answer's signature and values. Starts no service that does not run.

        Raises BusGone; of an answer that is an error, Refused.
        """
        wish = Message(
            destination=service,
            path=path,
            interface=interface,
            member=member,
            flags=MessageFlag.NO_AUTOSTART,
            signature="s" * len(words),
            body=list(words),
        )
        reply = await self._answer(wish)
        if reply.message_type is MessageType.ERROR:
            text = str(reply.body[0]) if reply.signature.startswith("s") else "no reason given"
            raise Refused(str(reply.error_name), text)
        return reply.signature, tuple(unpack_variants(reply.body))

    async def _answer(self, wish: Message) -> Message:
        try:
            async with asyncio.timeout(self._patience):
                reply = await self._bus.call(wish)
        except TimeoutError:
            raise BusGone(f"no answer to {wish.member} within {self._patience:g} s") from None
        except _TROUBLE as error:
            raise BusGone(_why(error)) from None
        if reply is None:
            raise BusGone("the bus has closed the connection")
        return reply

    async def lost(self) -> None:
        """Raises BusGone, in the end.

        Shielded: cancelled, the wait would cancel the library's own future with it, and
        ``close`` waits for that.
        """
        try:
            await asyncio.shield(self._bus.wait_for_disconnect())
        except _TROUBLE as error:
            raise BusGone(_why(error)) from None
        raise BusGone("the bus has closed the connection")

    async def close(self) -> None:
        if self._bus.connected:
            self._bus.disconnect()
        try:
            await self._bus.wait_for_disconnect()
        except _TROUBLE:
            return

    def _hear(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL:
            signal = Signal(
                message.sender or "",
                message.path or "",
                message.interface or "",
                message.member or "",
                message.signature,
                tuple(unpack_variants(message.body)),
            )
            self.signals.put_nowait(signal)


Work: TypeAlias = Callable[[Bus], Coroutine[Any, Any, None]]


async def use(address: str, work: Work, patience: Seconds = ANSWER_TIMEOUT) -> str:
    """Do ``work``, which ends only by BusGone, with a connection; returns why it ended."""
    try:
        bus = Bus(await _opened(address, patience), patience)
    except BusGone as error:
        return str(error)
    why = ""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bus.lost(), name="bus: gone")
            tasks.create_task(work(bus), name="bus: work")
    except* BusGone as gone:
        why = str(gone.exceptions[0])
    finally:
        await bus.close()
    return why


async def _opened(address: str, patience: Seconds) -> MessageBus:
    try:
        async with asyncio.timeout(patience):
            return await MessageBus(bus_address=address).connect()
    except FileNotFoundError:
        raise BusGone("there is no system bus") from None
    except TimeoutError:
        raise BusGone(f"the system bus does not answer within {patience:g} s") from None
    except _TROUBLE as error:
        raise BusGone(f"the system bus cannot be used: {_why(error)}") from None


def _why(error: Exception) -> str:
    """Half a sentence."""
    if isinstance(error, EOFError):
        return "the bus has closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__

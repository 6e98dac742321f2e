"""One open serial port on the event loop: ask a command, hear what is said unasked.

The shell around at: pyserial opens and sets up, then the descriptor is read as bytes come.
Knows no command's meaning. Used by follow.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

import serial

from edge.units import Seconds
from edge.uplink.modem.at import Answer, Exchange, Lines

BAUD = 115_200
"""USB ports ignore it; real UARTs of modems begin with it."""
ANSWER_TIMEOUT = Seconds(5.0)
CHUNK = 4_096


class PortGone(Exception):
    """The port cannot be opened, has been unplugged, or answers no more. ``str()`` says so."""


def open_serial(path: Path) -> serial.Serial:
    """Opened non-blocking and for us alone. Blocking. Raises PortGone."""
    try:
        return serial.Serial(str(path), BAUD, timeout=0, write_timeout=0, exclusive=True)
    except OSError as error:  # serial.SerialException is one
        if error.errno in (errno.EBUSY, errno.EAGAIN):
            raise PortGone(f"{path} is in use by another program: it is left alone") from None
        why = os.strerror(error.errno) if error.errno else "it is no serial port"
        raise PortGone(f"{path} cannot be opened: {why}") from None
    except ValueError:
        raise PortGone(f"{path} cannot be opened: it is no serial port") from None


class Port:
    """Between ``open`` and ``close``; ``heard`` gets each line that answers nothing."""

    def __init__(
        self, opened: serial.Serial, heard: Callable[[str], None], patience: Seconds
    ) -> None:
        self._serial = opened
        self._fd = opened.fileno()
        self._heard = heard
        self._patience = patience
        self._lines = Lines()
        self._exchange: Exchange | None = None
        self._answered: asyncio.Future[Answer] | None = None
        self.gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def close(self) -> None:
        self._lose()
        self._serial.close()

    async def ask(self, command: str) -> Answer:
        """The modem's answer, an error included. Raises PortGone where there is none."""
        if self.gone.is_set():
            raise PortGone("the modem is gone")
        self._exchange = Exchange(command)
        self._answered = asyncio.get_running_loop().create_future()
        try:
            os.write(self._fd, f"{command}\r".encode("ascii"))
            async with asyncio.timeout(self._patience):
                return await self._answered
        except TimeoutError:
            raise PortGone(f"no answer to {command} within {self._patience:g} s") from None
        except OSError as error:
            raise PortGone(f"the modem is gone: {error.strerror}") from None
        finally:
            self._exchange = self._answered = None

    def _read(self) -> None:
        try:
            data = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:  # unplugged: from now on the descriptor would be readable for ever
            self._lose()
            return
        for line in self._lines.feed(data):
            self._take(line)

    def _take(self, line: str) -> None:
        taken = self._exchange.take(line) if self._exchange else False
        if isinstance(taken, Answer):
            self._exchange = None
            if self._answered is not None and not self._answered.done():
                self._answered.set_result(taken)
        elif not taken:
            self._heard(line)

    def _lose(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        self.gone.set()
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(PortGone("the modem has been unplugged"))

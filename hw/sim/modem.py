"""An LTE modem on a pty: answers AT commands, loses its network, talks garbage, is unplugged.

    python hw/sim/modem.py [--link /tmp/modem]

Prints the path of its port as a JSON line; ``--link`` keeps a link to it, as udev does, since
after an unplugging it comes back under another name. Reads JSON lines from standard input and
answers each with one; what is named in a line changes:

    {"registration": 5}         3GPP TS 27.007's <stat>, told unasked as a modem does
    {"csq": 12, "rsrp": 40}     strength as AT+CSQ and AT+CESQ say it
    {"operator": "Example"}
    {"garbage": 200}            so many bytes that mean nothing
    {"mute": true}              it takes commands and says nothing; false ends it
    {"plug": false}             pulled out; true puts it back
    {"report": true}            only asks: what it was asked so far

``Modem`` is pure. Nothing of codriver depends on it. Source: 3GPP TS 27.007.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import sys
import tty
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Modem:
    """What it knows and says. ``lte`` is false for one that knows no +CEREG and no +CESQ."""

    registration: int = 1
    csq: int = 20
    rsrp: int = 50
    operator: str = "Example Mobile"
    lte: bool = True
    echo: bool = True
    mute: bool = False
    asked: list[str] = field(default_factory=list)
    tells: set[str] = field(default_factory=set)
    """Registrations of which it tells unasked."""

    def answer(self, command: str) -> list[str]:
        """The lines after one command, its echo first."""
        self.asked.append(command)
        if self.mute:
            return []
        echo = [command] if self.echo else []
        return [*echo, *self._result(command.upper())]

    def change(self, wishes: dict[str, Any]) -> list[str]:
        """Take over what is wished; the lines that it then says unasked."""
        before = self.registration
        for name, value in wishes.items():
            setattr(self, name, value)
        if self.registration == before or self.mute:
            return []
        return [f"{name}: {self.registration}" for name in sorted(self.tells)]

    def _result(self, command: str) -> list[str]:
        name = command.removeprefix("AT").rstrip("?=0123456789")
        known = {"+CREG", "+CGREG"} | ({"+CEREG"} if self.lte else set())
        if command in ("ATE0", "ATE1"):
            self.echo = command == "ATE1"
            return ["OK"]
        if name in known:
            return self._registration(name, command)
        match command:
            case "AT":
                return ["OK"]
            case "AT+CSQ":
                return [f"+CSQ: {self.csq},99", "OK"]
            case "AT+CESQ" if self.lte:
                return [f"+CESQ: 99,99,255,255,20,{self.rsrp}", "OK"]
            case "AT+COPS?":
                return [f'+COPS: 0,0,"{self.operator}",7' if self.operator else "+COPS: 0", "OK"]
            case _:
                return ["+CME ERROR: 4"]

    def _registration(self, name: str, command: str) -> list[str]:
        if command.endswith("?"):
            return [f"{name}: {int(name in self.tells)},{self.registration}", "OK"]
        if command.endswith("=1"):
            self.tells.add(name)
        return ["OK"]


class Port:
    """The pty it sits on."""

    def __init__(self, link: Path | None) -> None:
        self._link = link
        self.master, self._slave, self.path = -1, -1, ""
        self.plug()

    def plug(self) -> None:
        if self.master >= 0:
            return
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self._slave)
            os.close(self.master)
            self.master = -1
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def say(self, lines: list[str]) -> None:
        if self.master >= 0 and lines:
            os.write(self.master, "".join(f"\r\n{line}\r\n" for line in lines).encode())

    def babble(self, size: int) -> None:
        if self.master >= 0:
            os.write(self.master, random.Random(size).randbytes(size))


def obey(line: bytes, modem: Modem, port: Port) -> dict[str, Any]:
    """Do what one line of JSON asks, and say how things are."""
    try:
        wishes = json.loads(line)
        changes = {key: value for key, value in wishes.items() if key not in _ACTS}
        unknown = [key for key in changes if key not in _FACTS]
        if unknown:
            return {"error": f"nothing is called {unknown[0]}: there is {', '.join(_FACTS)}"}
    except (ValueError, AttributeError):
        return {"error": "expected a JSON object"}
    if "plug" in wishes:
        (port.plug if wishes["plug"] else port.unplug)()
    port.babble(wishes.get("garbage", 0))
    port.say(modem.change(changes))
    return {"port": port.path, "asked": modem.asked}


_ACTS = ("plug", "garbage", "report")
_FACTS = ("registration", "csq", "rsrp", "operator", "lte", "mute")


def serve(modem: Modem, port: Port, control: int) -> None:
    """Until the input ends."""
    heard, ordered = b"", b""
    while True:
        watched = [control, port.master] if port.master >= 0 else [control]
        ready, _, _ = select.select(watched, [], [])
        if port.master in ready:
            heard += os.read(port.master, 4096)
            *commands, heard = heard.replace(b"\n", b"\r").split(b"\r")
            for command in commands:
                if command:
                    port.say(modem.answer(command.decode("ascii", "replace").strip()))
        if control in ready:
            data = os.read(control, 4096)
            ordered += data
            *lines, ordered = ordered.split(b"\n")
            for line in lines:
                print(json.dumps(obey(line, modem, port)), flush=True)
            if not data:
                return


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="An LTE modem on a pty.")
    parser.add_argument("--link", type=Path, help="a path that leads to its port")
    given = parser.parse_args(arguments)
    port = Port(given.link)
    print(json.dumps({"port": port.path}), flush=True)
    try:
        serve(Modem(), port, sys.stdin.fileno())
    finally:
        port.unplug()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

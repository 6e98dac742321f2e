"""A message bus of its own: as much of D-Bus's daemon as one service and its listeners need.

    python hw/sim/bus.py /tmp/bus

Prints its address as a JSON line and serves until its input ends. Knows names, match rules (type,
sender, path, interface, member, arg0), calls to a name, and signals to whoever asked for them;
starts no service and hands no file over. ``Bus`` does no input and output. Nothing of codriver
depends on it. Source: D-Bus specification, "Message Bus Specification" and "Message Format".
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from dbus_fast import Message, MessageFlag, MessageType
from dbus_fast._private.unmarshaller import Unmarshaller

DAEMON, DAEMON_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
ERROR = "org.freedesktop.DBus.Error."
HEAD = 16
_SENDER = b"\x07\x01s\x00"
"""A header field: which one, and that its value is a string."""


def length(head: bytes) -> int:
    """Of the whole message that begins so."""
    (body,) = struct.unpack_from(_order(head) + "I", head, 4)
    (fields,) = struct.unpack_from(_order(head) + "I", head, 12)
    return HEAD + _padded(fields) + int(body)


def stamped(frame: bytes, sender: str) -> bytes:
    """The message with who sent it, which only a bus may say."""
    order = _order(frame)
    (old,) = struct.unpack_from(order + "I", frame, 12)
    word = sender.encode("ascii")
    more = _SENDER + struct.pack(order + "I", len(word)) + word + b"\0"
    fields = frame[HEAD : HEAD + old].ljust(_padded(old), b"\0") + more
    head = frame[:12] + struct.pack(order + "I", len(fields))
    return head + fields.ljust(_padded(len(fields)), b"\0") + frame[HEAD + _padded(old) :]


def _order(frame: bytes) -> str:
    return "<" if frame[:1] == b"l" else ">"


def _padded(size: int) -> int:
    return (size + 7) // 8 * 8


@dataclass
class Peer:
    """One connection."""

    name: str
    send: Callable[[bytes], None]
    rules: list[dict[str, str]] = field(default_factory=list)
    waits_for: dict[int, str] = field(default_factory=dict)
    """Its calls that nobody has answered, by serial: who should."""


class Bus:
    """Who is there under which names, and who gets what."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._owners: dict[str, str] = {}
        self._serial = 0

    def join(self, send: Callable[[bytes], None]) -> Peer:
        self._serial += 1
        peer = Peer(f":1.{self._serial}", send)
        self._peers[peer.name] = peer
        return peer

    def leave(self, peer: Peer) -> None:
        del self._peers[peer.name]
        for name in [name for name, owner in self._owners.items() if owner == peer.name]:
            self._give(name, "")
        for other in self._peers.values():
            for serial in [one for one, who in other.waits_for.items() if who == peer.name]:
                del other.waits_for[serial]
                self._say(other, _error("NoReply", "it has gone", serial))

    def pass_on(self, peer: Peer, frame: bytes) -> None:
        """One message from ``peer``."""
        message = Unmarshaller(io.BytesIO(frame)).unmarshall()
        if message is None:
            return
        message.sender = peer.name
        if message.destination == DAEMON:
            self._say(peer, self._serve(peer, message))
        elif message.destination:
            self._carry(peer, message, stamped(frame, peer.name))
        elif message.message_type is MessageType.SIGNAL:
            self._spread(message, stamped(frame, peer.name))

    def _carry(self, peer: Peer, message: Message, frame: bytes) -> None:
        to = self._peers.get(self._owners.get(message.destination, message.destination))
        if to is None:
            wakes = not message.flags & MessageFlag.NO_AUTOSTART
            error = "ServiceUnknown" if wakes else "NameHasNoOwner"
            what = f"the name {message.destination} is nobody's"
            self._say(peer, _error(error, what, message.serial))
            return
        if message.message_type is MessageType.METHOD_CALL:
            if not message.flags & MessageFlag.NO_REPLY_EXPECTED:
                peer.waits_for[message.serial] = to.name
        elif message.reply_serial:
            to.waits_for.pop(message.reply_serial, None)
        to.send(frame)

    def _spread(self, message: Message, frame: bytes) -> None:
        for peer in self._peers.values():
            if any(self._fits(rule, message) for rule in peer.rules):
                peer.send(frame)

    def _fits(self, rule: dict[str, str], message: Message) -> bool:
        first = message.body[0] if message.body else None
        facts = {
            "type": "signal",
            "path": message.path,
            "interface": message.interface,
            "member": message.member,
            "arg0": first,
            "sender": message.sender,
        }
        who = rule.get("sender", "")
        wanted = {**rule, "sender": self._owners.get(who, who)} if who else rule
        return all(facts.get(key) == value for key, value in wanted.items())

    def _serve(self, peer: Peer, message: Message) -> Message:
        """What the bus itself answers."""
        match message.member:
            case "Hello":
                return Message.new_method_return(message, "s", [peer.name])
            case "AddMatch":
                peer.rules.append(dict(re.findall(r"(\w+)='([^']*)'", message.body[0])))
                return Message.new_method_return(message)
            case "GetNameOwner" if message.body[0] in self._owners:
                return Message.new_method_return(message, "s", [self._owners[message.body[0]]])
            case "GetNameOwner":
                return _error("NameHasNoOwner", f"{message.body[0]} is nobody's", message.serial)
            case "RequestName" if message.body[0] not in self._owners:
                self._give(message.body[0], peer.name)
                return Message.new_method_return(message, "u", [1])
            case "ReleaseName" if self._owners.get(message.body[0]) == peer.name:
                self._give(message.body[0], "")
                return Message.new_method_return(message, "u", [1])
        return _error("UnknownMethod", f"{message.member} cannot be done here", message.serial)

    def _give(self, name: str, owner: str) -> None:
        """Tell of it, too. Nobody is ""."""
        old = self._owners.pop(name, "")
        if owner:
            self._owners[name] = owner
        body = [name, old, owner]
        signal = Message.new_signal(DAEMON_PATH, DAEMON, "NameOwnerChanged", "sss", body)
        signal.sender = DAEMON
        self._spread(signal, self._frame(signal))

    def _say(self, peer: Peer, answer: Message) -> None:
        answer.destination = peer.name
        peer.send(self._frame(answer))

    def _frame(self, message: Message) -> bytes:
        self._serial += 1
        message.serial = self._serial
        frame = bytes(message._marshall(False))  # noqa: SLF001 - the library has no other door
        return stamped(frame, DAEMON)


def _error(name: str, text: str, serial: int) -> Message:
    return Message(
        message_type=MessageType.ERROR,
        error_name=ERROR + name,
        reply_serial=serial,
        signature="s",
        body=[text],
    )


async def _let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whoever can reach the socket may use it."""
    while line := (await reader.readline()).lstrip(b"\0").strip():
        if line == b"BEGIN":
            return True
        known = line.startswith(b"AUTH EXTERNAL")
        writer.write(b"OK 0123456789abcdef0123456789abcdef\r\n" if known else b"ERROR\r\n")
    return False


async def meet(bus: Bus, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, until it ends."""
    if not await _let_in(reader, writer):
        return
    peer = bus.join(writer.write)
    try:
        while True:
            head = await reader.readexactly(HEAD)
            bus.pass_on(peer, head + await reader.readexactly(length(head) - HEAD))
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        bus.leave(peer)
        writer.close()


async def serve(path: str) -> None:
    """Until the input ends."""
    bus, ended, loop = Bus(), asyncio.Event(), asyncio.get_running_loop()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await meet(bus, reader, writer)

    loop.add_reader(sys.stdin, lambda: None if sys.stdin.read(1) else ended.set())
    async with await asyncio.start_unix_server(met, path):
        print(json.dumps({"address": f"unix:path={path}"}), flush=True)
        await ended.wait()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A message bus for simulated services.")
    parser.add_argument("path", help="where its socket will be")
    asyncio.run(serve(parser.parse_args(arguments).path))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The bus of its own is one: the library's client and the rules say so."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from dbus_fast import Message, MessageFlag, MessageType
from dbus_fast._private.unmarshaller import Unmarshaller

from hw.sim.bus import DAEMON, DAEMON_PATH, Bus, Peer, length, stamped


def frame(message: Message, serial: int = 7) -> bytes:
    message.serial = serial
    return bytes(message._marshall(False))


def read(data: bytes) -> Message:
    found = Unmarshaller(io.BytesIO(data)).unmarshall()
    assert found is not None
    return found


def to_daemon(member: str, *body: Any) -> bytes:
    signature = "".join("u" if isinstance(one, int) else "s" for one in body)
    return frame(Message(DAEMON, DAEMON_PATH, DAEMON, member, signature=signature, body=list(body)))


class Client:
    """One peer and what it was sent."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._got: list[Message] = []
        self.peer: Peer = bus.join(lambda data: self._got.append(read(data)))

    def ask(self, data: bytes) -> list[Message]:
        self._bus.pass_on(self.peer, data)
        return self.got()

    def got(self) -> list[Message]:
        found, self._got[:] = list(self._got), []
        return found


@pytest.mark.parametrize("sender", [":1.1", ":1.1234567", DAEMON])
@pytest.mark.parametrize("member", ["A", "Seven77", "EightEig"])
def test_a_message_says_who_sent_it(sender: str, member: str) -> None:
    signal = Message.new_signal("/a/b", "a.b", member, "sas", ["x", ["y"]])
    data = stamped(frame(signal), sender)
    assert length(data[:16]) == len(data)
    found = read(data)
    assert (found.sender, found.member, found.body) == (sender, member, ["x", ["y"]])


def test_the_other_order_of_bytes() -> None:
    head = b"B\x04\0\x01" + struct.pack(">III", 5, 1, 3)
    assert length(head) == 16 + 8 + 5
    assert length(stamped(head + b"\0" * 8 + b"hello", ":1.1")[:16]) == 16 + 8 + 16 + 5


def test_names_are_given_told_of_and_lost() -> None:
    bus = Bus()
    listener, owner = Client(bus), Client(bus)
    (hello,) = listener.ask(to_daemon("Hello"))
    assert hello.body == [listener.peer.name]
    rule = f"type='signal',sender='{DAEMON}',member='NameOwnerChanged',arg0='a.b'"
    listener.ask(to_daemon("AddMatch", rule))
    (nobody,) = listener.ask(to_daemon("GetNameOwner", "a.b"))
    assert nobody.error_name == "org.freedesktop.DBus.Error.NameHasNoOwner"
    owner.ask(to_daemon("RequestName", "a.b", 0))
    owner.ask(to_daemon("RequestName", "a.c", 0))
    (told,) = listener.got()
    assert told.body == ["a.b", "", owner.peer.name]
    (found,) = listener.ask(to_daemon("GetNameOwner", "a.b"))
    assert found.body == [owner.peer.name]
    bus.leave(owner.peer)
    (told,) = listener.got()
    assert told.body == ["a.b", owner.peer.name, ""]
    (strange,) = listener.ask(to_daemon("GetId"))
    assert strange.error_name == "org.freedesktop.DBus.Error.UnknownMethod"


def test_calls_answers_and_none() -> None:
    bus = Bus()
    client, service = Client(bus), Client(bus)
    service.ask(to_daemon("RequestName", "a.b", 0))
    service.got()
    call = frame(Message("a.b", "/", "a.b", "Do", flags=MessageFlag.NO_AUTOSTART), serial=9)
    assert client.ask(call) == []
    (arrived,) = service.got()
    assert (arrived.sender, arrived.serial) == (client.peer.name, 9)
    service.ask(frame(Message.new_method_return(arrived, "s", ["done"])))
    (answer,) = client.got()
    assert (answer.reply_serial, answer.body) == (9, ["done"])
    client.ask(call)
    bus.leave(service.peer)
    (lost,) = client.got()
    assert lost.error_name == "org.freedesktop.DBus.Error.NoReply"
    (nobody,) = client.ask(call)
    assert nobody.message_type is MessageType.ERROR
    assert nobody.error_name == "org.freedesktop.DBus.Error.NameHasNoOwner"
    (nobody,) = client.ask(frame(Message("a.b", "/", "a.b", "Do")))
    assert nobody.error_name == "org.freedesktop.DBus.Error.ServiceUnknown"


def test_signals_go_to_whoever_asked_for_them() -> None:
    bus = Bus()
    listener, service, stranger = Client(bus), Client(bus), Client(bus)
    service.ask(to_daemon("RequestName", "a.b", 0))
    listener.ask(to_daemon("AddMatch", "type='signal',sender='a.b',path='/x',interface='i.f'"))
    listener.got()
    signal = Message.new_signal("/x", "i.f", "Done", "s", ["y"])
    service.ask(frame(signal))
    (told,) = listener.got()
    assert (told.sender, told.body) == (service.peer.name, ["y"])
    stranger.ask(frame(signal))
    service.ask(frame(Message.new_signal("/y", "i.f", "Done")))
    assert listener.got() == []

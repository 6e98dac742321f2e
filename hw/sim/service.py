"""ModemManager or NetworkManager on a message bus, as far as anybody reads them.

    python hw/sim/service.py ModemManager --bus unix:path=/tmp/bus

Prints its own name on the bus as a JSON line. Reads JSON lines from standard input and answers
each with one, when the bus has it:

    {"set": [PATH, INTERFACE, {"State": 7}]}   properties change, and are signalled
    {"forget": [PATH, INTERFACE, "State"]}     one changes, and its value is not signalled
    {"remove": PATH}                           an object goes; {"add": PATH} brings it back
    {"serve": false}                           gives its name up; true takes it again
    {"deny": true}                             refuses to list its objects; false ends it
    {"report": true}                           only asks: how often the objects were listed

It begins with one modem on its home network, or with three devices of which the phone's is the
way out. What its properties are is data below, with D-Bus's signatures, as recorded of both
(tests/uplink/recordings) and, of what was not there, as their documentation says. Nothing of
codriver depends on it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

Typed = tuple[str, Any]
Objects = dict[str, dict[str, dict[str, Typed]]]

_MM, _NM = "org.freedesktop.ModemManager1", "org.freedesktop.NetworkManager"

MODEMS: Objects = {
    "/org/freedesktop/ModemManager1/Modem/0": {
        f"{_MM}.Modem": {
            "Manufacturer": ("s", "Example"),
            "State": ("i", 11),
            "AccessTechnologies": ("u", 1 << 14),
            "SignalQuality": ("(ub)", (64, True)),
            "Ports": ("a(su)", [("cdc-wdm-sim", 6), ("ttyUSB2", 3), ("wwan0", 2)]),
        },
        f"{_MM}.Modem.Modem3gpp": {
            "RegistrationState": ("u", 1),
            "OperatorName": ("s", "Example Mobile"),
        },
        f"{_MM}.Modem.Signal": {"Rate": ("u", 0), "Lte": ("a{sv}", {})},
        f"{_MM}.Modem.Location": {"Enabled": ("u", 1)},
    }
}


def _device(name: str, kind: int, metered: int, state: int = 100) -> dict[str, Typed]:
    facts = {"DeviceType": kind, "Metered": metered, "State": state}
    names = {"Interface": ("s", name), "IpInterface": ("s", name)}
    return {**names, **{key: ("u", value) for key, value in facts.items()}}


NETWORKS: Objects = {
    "/org/freedesktop/NetworkManager": {_NM: {"Metered": ("u", 1), "State": ("u", 70)}},
    "/org/freedesktop/NetworkManager/Devices/1": {f"{_NM}.Device": _device("lo", 32, 4)},
    "/org/freedesktop/NetworkManager/Devices/2": {f"{_NM}.Device": _device("eth0", 1, 0, 20)},
    "/org/freedesktop/NetworkManager/Devices/3": {f"{_NM}.Device": _device("wlan0", 2, 1)},
}

PROGRAMS: dict[str, tuple[str, str, Objects]] = {
    "ModemManager": (_MM, "/org/freedesktop/ModemManager1", MODEMS),
    "NetworkManager": (_NM, "/org/freedesktop", NETWORKS),
}
"""By title: its name, what lists its objects, and these."""


def variant(typed: Typed) -> Variant:
    """A value for the wire; numbers in a dictionary are strengths of a signal."""
    signature, value = typed
    if signature == "a{sv}":
        value = {name: Variant("d", float(one)) for name, one in value.items()}
    return Variant(signature, tuple(value) if signature.startswith("(") else value)


class Service:
    """The objects and what is done to them."""

    def __init__(self, bus: MessageBus, title: str) -> None:
        self._bus = bus
        self._name, self._root, start = PROGRAMS[title]
        self._objects: Objects = json.loads(json.dumps(start))
        self._removed: Objects = {}
        self._denies = False
        self._listed = 0
        bus.add_message_handler(self._answer)

    def _answer(self, message: Message) -> Message | None:
        asked = (message.message_type, message.path, message.member)
        if asked != (MessageType.METHOD_CALL, self._root, "GetManagedObjects"):
            return None
        if self._denies:
            return Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "no")
        self._listed += 1
        objects = {path: _wire(interfaces) for path, interfaces in self._objects.items()}
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [objects])

    async def obey(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Done when the bus has what follows of it."""
        match wish:
            case {"set": [path, interface, values]}:
                self._set(path, interface, values)
            case {"forget": [path, interface, name]}:
                body = [interface, {}, [name]]
                self._signal(path, "Properties", "PropertiesChanged", "sa{sv}as", body)
            case {"remove": path}:
                self._removed[path] = self._objects.pop(path)
                body = [path, list(self._removed[path])]
                self._signal(self._root, "ObjectManager", "InterfacesRemoved", "oas", body)
            case {"add": path}:
                self._objects[path] = self._removed.pop(path)
                body = [path, _wire(self._objects[path])]
                self._signal(self._root, "ObjectManager", "InterfacesAdded", "oa{sa{sv}}", body)
            case {"serve": True}:
                await self._bus.request_name(self._name)
            case {"serve": False}:
                await self._bus.release_name(self._name)
            case {"deny": bool(denies)}:
                self._denies = denies
            case {"report": True}:
                pass
            case _:
                return {"error": "expected set, forget, remove, add, serve, deny or report"}
        return {"listed": self._listed}

    def _set(self, path: str, interface: str, values: dict[str, Any]) -> None:
        known = self._objects[path][interface]
        changed = {name: (known[name][0], value) for name, value in values.items()}
        known.update(changed)
        wire = {name: variant(one) for name, one in changed.items()}
        self._signal(path, "Properties", "PropertiesChanged", "sa{sv}as", [interface, wire, []])

    def _signal(self, path: str, interface: str, member: str, signature: str, body: Any) -> None:
        whole = f"org.freedesktop.DBus.{interface}"
        self._bus.send(Message.new_signal(path, whole, member, signature, body))


def _wire(interfaces: dict[str, dict[str, Typed]]) -> dict[str, dict[str, Variant]]:
    return {
        interface: {name: variant(typed) for name, typed in properties.items()}
        for interface, properties in interfaces.items()
    }


async def serve(title: str, address: str) -> None:
    """Until the input ends."""
    bus = await MessageBus(bus_address=address).connect()
    service, loop = Service(bus, title), asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await service.obey({"serve": True})
    print(json.dumps({"name": bus.unique_name}), flush=True)
    while line := await lines.readline():
        print(json.dumps(await service.obey(json.loads(line))), flush=True)
    bus.disconnect()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A service on a message bus.")
    parser.add_argument("title", choices=sorted(PROGRAMS))
    parser.add_argument("--bus", required=True, help="its address")
    given = parser.parse_args(arguments)
    asyncio.run(serve(given.title, given.bus))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

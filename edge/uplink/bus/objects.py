"""The objects of one service on the bus, kept as its signals say.

Pure. Values are plain Python values: no variant is left in them. Sources: D-Bus specification,
org.freedesktop.DBus.ObjectManager and org.freedesktop.DBus.Properties. Knows no service. Used by
connection, service, and by those who read what objects mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Properties: TypeAlias = Mapping[str, Any]
Interfaces: TypeAlias = Mapping[str, Properties]
Objects: TypeAlias = Mapping[str, Interfaces]
"""By path, by interface, by name."""

ALL = "a{oa{sa{sv}}}"
"""The signature of what GetManagedObjects answers."""


@dataclass(frozen=True, slots=True)
class Service:
    """Who is followed. ``title`` is its name among people, ``root`` what lists its objects."""

    title: str
    name: str
    root: str
    interfaces: frozenset[str]
    """Those that are read."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. ``sender`` is a connection's own name; ``signature`` says what ``body`` is."""

    sender: str
    path: str
    interface: str
    member: str
    signature: str
    body: tuple[Any, ...]


class Tree:
    """The objects, of which only interfaces that are ``wanted`` are kept."""

    def __init__(self, wanted: frozenset[str], objects: Objects) -> None:
        self._wanted = wanted
        self.objects: Objects = {}
        """Replaced at each change, never changed itself."""
        for path, interfaces in objects.items():
            self._add(path, interfaces)

    def take(self, signal: Signal) -> bool:
        """False where the signal does not say what has become of something: ask anew."""
        match (signal.member, signal.signature):
            case ("InterfacesAdded", "oa{sa{sv}}"):
                self._add(*signal.body)
            case ("InterfacesRemoved", "oas"):
                self._remove(*signal.body)
            case ("PropertiesChanged", "sa{sv}as"):
                interface, changed, invalidated = signal.body
                if interface in self._wanted:
                    self._change(signal.path, interface, changed)
                    return not invalidated
        return True

    def _add(self, path: str, interfaces: Interfaces) -> None:
        kept = {name: known for name, known in interfaces.items() if name in self._wanted}
        if kept:
            self.objects = {**self.objects, path: {**self.objects.get(path, {}), **kept}}

    def _remove(self, path: str, names: list[str]) -> None:
        left = {name: one for name, one in self.objects.get(path, {}).items() if name not in names}
        others = {other: one for other, one in self.objects.items() if other != path}
        self.objects = {**others, path: left} if left else others

    def _change(self, path: str, interface: str, changed: Properties) -> None:
        """An object that is not known is not made up: it is told of when it is added."""
        interfaces = self.objects.get(path, {})
        if interface in interfaces:
            self._add(path, {interface: {**interfaces[interface], **changed}})

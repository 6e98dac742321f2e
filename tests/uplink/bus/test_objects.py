"""The tree of objects, by signals as they come and as they should not."""

from __future__ import annotations

from typing import Any

from edge.uplink.bus.objects import Signal, Tree

WANTED = frozenset(("a.B", "a.C"))
START = {"/one": {"a.B": {"x": 1, "y": 2}, "a.Other": {"z": 3}}, "/two": {"a.Other": {}}}


def tree() -> Tree:
    return Tree(WANTED, START)


def changed(path: str, interface: str, values: dict[str, Any], gone: list[str]) -> Signal:
    body = (interface, values, gone)
    return Signal(":1.1", path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                  "sa{sv}as", body)  # fmt: skip


def added(path: str, interfaces: dict[str, Any]) -> Signal:
    return Signal(":1.1", "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                  "oa{sa{sv}}", (path, interfaces))  # fmt: skip


def removed(path: str, names: list[str]) -> Signal:
    return Signal(":1.1", "/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                  "oas", (path, names))  # fmt: skip


def test_only_what_is_wanted_is_kept() -> None:
    assert tree().objects == {"/one": {"a.B": {"x": 1, "y": 2}}}


def test_properties_change() -> None:
    made = tree()
    before = made.objects
    assert made.take(changed("/one", "a.B", {"x": 7}, []))
    assert made.objects == {"/one": {"a.B": {"x": 7, "y": 2}}}
    assert before["/one"]["a.B"]["x"] == 1, "what was told stays as it was"


def test_changes_of_what_is_not_wanted_or_not_known_change_nothing() -> None:
    made = tree()
    assert made.take(changed("/one", "a.Other", {"z": 4}, ["q"]))
    assert made.take(changed("/three", "a.B", {"x": 4}, []))
    assert made.take(changed("/one", "a.C", {"x": 4}, []))
    assert made.objects == tree().objects


def test_a_value_that_is_only_said_to_have_changed_has_to_be_asked_for() -> None:
    assert not tree().take(changed("/one", "a.B", {}, ["x"]))


def test_interfaces_come_and_go() -> None:
    made = tree()
    assert made.take(added("/one", {"a.C": {"n": 1}, "a.Other": {}}))
    assert made.take(added("/three", {"a.B": {"x": 3}}))
    assert made.take(added("/four", {"a.Other": {}}))
    assert made.objects == {
        "/one": {"a.B": {"x": 1, "y": 2}, "a.C": {"n": 1}},
        "/three": {"a.B": {"x": 3}},
    }
    assert made.take(removed("/one", ["a.B"]))
    assert made.take(removed("/three", ["a.B", "a.Other"]))
    assert made.take(removed("/nowhere", ["a.B"]))
    assert made.objects == {"/one": {"a.C": {"n": 1}}}


def test_what_is_called_like_a_signal_and_is_none_changes_nothing() -> None:
    made = tree()
    for member in ("InterfacesAdded", "InterfacesRemoved", "PropertiesChanged", "StateChanged"):
        assert made.take(Signal(":1.1", "/one", "a.B", member, "i", (5,)))
    assert made.objects == tree().objects

"""What NetworkManager's objects say of what bytes cost, by interface.

Pure; what is not understood is unknown (None). Source: NetworkManager's D-Bus interfaces
org.freedesktop.NetworkManager (Metered) and .Device (Interface, IpInterface, DeviceType,
Metered), with the enumerations NMMetered and NMDeviceType. Used by app.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.uplink.bus.objects import Objects, Properties, Service
from edge.uplink.metered import Opinion

WHOLE = "org.freedesktop.NetworkManager"
DEVICE = "org.freedesktop.NetworkManager.Device"

NETWORK_MANAGER = Service("NetworkManager", WHOLE, "/org/freedesktop", frozenset((WHOLE, DEVICE)))

_OPINIONS: Mapping[int, Opinion] = {1: "yes", 2: "no", 3: "guess yes", 4: "guess no"}

_TUNNELS = (16, 17, 29)
"""TUN, IP tunnels, WireGuard: what goes through them goes through something else as well."""


def opinion(objects: Objects, interface: str | None) -> Opinion | None:
    """Of ``interface``; of NetworkManager's own way out where it has no such, or a tunnel."""
    devices = [one[DEVICE] for _, one in sorted(objects.items()) if DEVICE in one]
    found = next((device for device in devices if _is(device, interface)), None)
    if found is not None and found.get("DeviceType") not in _TUNNELS:
        return _opinion(found)
    whole = next((one[WHOLE] for one in objects.values() if WHOLE in one), None)
    return None if whole is None else _opinion(whole)


def _is(device: Properties, interface: str | None) -> bool:
    """A modem's device is called after its port, and its packets' interface is another."""
    return interface is not None and interface in (
        device.get("IpInterface"),
        device.get("Interface"),
    )


def _opinion(one: Properties) -> Opinion | None:
    value: Any = one.get("Metered")
    return _OPINIONS.get(value) if isinstance(value, int) else None

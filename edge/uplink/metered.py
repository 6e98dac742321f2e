"""Whether bytes cost money on a network interface, as far as that can be known.

Pure. A person's word goes first; mobile networks are taken for metered, and of others nothing
is known, for a hotel's Wi-Fi and a phone's look alike. Used by app.
"""

from __future__ import annotations

from typing import Literal

MOBILE = ("ww", "ppp", "rmnet")
"""How Linux and systemd begin the names of interfaces to mobile networks."""


def metered(
    setting: Literal["auto", "yes", "no"], interface: str | None, modem: str | None
) -> bool | None:
    """None is unknown. ``modem``: the interface that a modem of ours is behind."""
    if setting != "auto":
        return setting == "yes"
    if interface is None:
        return None
    return True if interface == modem or interface.startswith(MOBILE) else None

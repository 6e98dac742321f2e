"""Whether bytes cost money on a network interface, as far as that can be known, and why.

Pure. A person's word goes first, here or in NetworkManager; then mobile networks are taken for
metered; then NetworkManager's guess counts. Of others nothing is known, for a hotel's Wi-Fi and
a phone's look alike. Used by app.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MOBILE = ("ww", "ppp", "rmnet")
"""How Linux and systemd begin the names of interfaces to mobile networks."""

Opinion = Literal["yes", "no", "guess yes", "guess no"]
"""NetworkManager's: what a connection's settings say, or what it makes of the network."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``metered`` None is unknown."""

    metered: bool | None
    reason: str


_SETTINGS: Mapping[Opinion, Cost] = {
    "yes": Cost(True, "NetworkManager's settings for this connection say so"),
    "no": Cost(False, "NetworkManager's settings for this connection say so"),
}
_GUESSES: Mapping[Opinion, Cost] = {
    "guess yes": Cost(True, "NetworkManager guesses so"),
    "guess no": Cost(False, "NetworkManager guesses so"),
}


def metered(
    setting: Literal["auto", "yes", "no"],
    interface: str | None,
    modem: str | None,
    opinion: Opinion | None,
) -> Cost:
    """``modem``: the interface that a modem of ours is behind."""
    if setting != "auto":
        return Cost(setting == "yes", f'[uplink] metered is "{setting}"')
    if opinion == "yes" or opinion == "no":
        return _SETTINGS[opinion]
    if interface is not None and (interface == modem or interface.startswith(MOBILE)):
        return Cost(True, "it leads to a mobile network")
    return Cost(None, "nobody says") if opinion is None else _GUESSES[opinion]

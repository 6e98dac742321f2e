"""Which servers are beyond the uplink, by their address alone.

Pure. A server on this machine or on the LAN answers or not whatever the uplink does, so what
happens with it says nothing of the link, and the link says nothing of it. Used by app.
"""

from __future__ import annotations

import ipaddress

_NEAR_ENDINGS = (".local", ".localhost", ".lan", ".home.arpa", ".internal")


def is_beyond(host: str) -> bool:
    """True if the way to ``host``, a name or an address, leads over the uplink."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_global
    except ValueError:
        return "." in name and not name.endswith(_NEAR_ENDINGS)

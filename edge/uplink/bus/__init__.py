"""What services on the system's message bus say of themselves, followed as it changes.

Called by modem and by app.
"""

from edge.uplink.bus.connection import SYSTEM_BUS
from edge.uplink.bus.service import follow

__all__ = ["SYSTEM_BUS", "follow"]

"""What an LTE modem says of the radio, by AT commands on a serial port.

Called by app, which hands ``follow`` to the watch.
"""

from edge.uplink.modem.follow import follow

__all__ = ["follow"]

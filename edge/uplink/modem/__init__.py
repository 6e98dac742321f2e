"""What an LTE modem says of the radio: by AT commands on a serial port, or through ModemManager.

Called by app, which hands ``follow`` to the watch.
"""

from edge.uplink.modem.either import follow

__all__ = ["follow"]

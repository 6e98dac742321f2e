"""The box's own picture of its uplink: what the kernel, real traffic, probes and a modem show.

Called by app, which hands the picture to routing; knows neither engines nor policy.
"""

from edge.uplink.watch import Watch

__all__ = ["Watch"]

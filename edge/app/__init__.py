"""The composition root: everything is made here, in start order, and stopped in reverse.

The only package that knows all others; called by the command line.
"""

from edge.app.choose import Choice, choose_model
from edge.app.daemon import Plant, serve

__all__ = ["Choice", "Plant", "choose_model", "serve"]

"""codriver's own header, which every dialect takes: how long a whole answer may last.

For the dialects' parsers and renderers.
"""

from __future__ import annotations

import math

from edge.errors import BadRequest
from edge.units import Seconds

DEADLINE = "x-codriver-deadline"
"""Its value is a number of seconds."""


def parse_deadline(header: str | None) -> Seconds | None:
    """None where the header is absent. Raises BadRequest for what is no positive number."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = math.nan
    if not (0 < seconds < math.inf):
        raise BadRequest(f"{DEADLINE}: expected a positive number of seconds, got '{header}'")
    return Seconds(seconds)

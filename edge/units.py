"""Units of measure as types, so that no bare number crosses a module's border.

Knows nothing of the rest of the package; everyone may import it.
"""

from typing import NewType

Bytes = NewType("Bytes", int)
"""A size in bytes, never kilo- or mebibytes."""

Seconds = NewType("Seconds", float)
"""A length of time in seconds."""

Tokens = NewType("Tokens", int)
"""A count of model tokens."""

TokensPerSecond = NewType("TokensPerSecond", float)
"""A rate of tokens read (prefill) or written (decode)."""

"""What one prompt of the suite is: tools on offer, and which of them would be right.

Pure data. Knows no server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["single", "multi", "none"]
MAX_OFFERED = 12


@dataclass(frozen=True, slots=True)
class Case:
    """``right`` names the tools any of which would do; empty where no call is wanted."""

    name: str
    offered: tuple[str, ...]
    prompt: str
    right: frozenset[str]
    system: str = ""

    @property
    def group(self) -> Group:
        """Whether no call is wanted, or one with a single tool on offer, or with several."""
        if not self.right:
            return "none"
        return "single" if len(self.offered) == 1 else "multi"

"""Where codriver keeps what outlives a restart.

Pure: takes the environment as an argument. Called by app and cli.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def state_directory(environment: Mapping[str, str], home: Path) -> Path:
    """systemd's directory for the service, else the person's own (XDG)."""
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    base = environment.get("XDG_STATE_HOME", "")
    root = Path(base) if base.startswith("/") else home / ".local" / "state"
    return root / "codriver"

"""The configuration's privacy as the router takes it: patterns compiled, pinned sessions read.

Blocking. Called by the daemon at its start.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config.settings import PrivacySettings
from edge.routing.pins import Pins
from edge.routing.privacy import Privacy
from edge.routing.scan import Scan
from edge.routing.secrets import load_kinds

if TYPE_CHECKING:
    from edge.routing.patterns import Patterns


def privacy_of(settings: PrivacySettings, state_dir: Path) -> Privacy:
    """Raises ConfigError for a pattern that cannot be used."""
    pins = Pins(state_dir / "pinned-sessions.json", time.time)
    pins.load()
    return Privacy(settings.never_cloud_projects, scan_of(settings), pins)


def unremembering(settings: PrivacySettings) -> Privacy:
    """One that only looks: without the sessions that are pinned. Raises ConfigError."""
    pins = Pins(Path("/nowhere"), time.time)
    return Privacy(settings.never_cloud_projects, scan_of(settings), pins)


def scan_of(settings: PrivacySettings) -> Scan:
    """What is looked for in texts. Raises ConfigError."""
    wanted = settings.never_cloud_patterns
    kinds = load_kinds() if settings.secrets else ()
    return Scan(_patterns(wanted) if wanted else None, kinds, time.monotonic)


def _patterns(wanted: tuple[str, ...]) -> Patterns:
    """Their engine comes with the box's install; a laptop explains without it."""
    from edge.routing.patterns import Patterns

    return Patterns(wanted)

"""Recordings of what services on the system bus say (tests/uplink/recordings)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recordings"


def plain(typed: Any) -> Any:
    """A recorded variant's value, and what is in it."""
    signature, value = typed
    if signature == "a{sv}":
        return {name: plain(one) for name, one in value.items()}
    return value


def objects(listed: dict[str, Any]) -> dict[str, Any]:
    return {
        path: {
            interface: {name: plain(typed) for name, typed in properties.items()}
            for interface, properties in interfaces.items()
        }
        for path, interfaces in listed.items()
    }


def recording(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))

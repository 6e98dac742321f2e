"""The box's id: a short word made once, by which laptops know it under any name or address.

Blocking: call before the event loop starts. Called by app.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from edge.lan.durable import read_word, set_aside, write_word

_ID = re.compile(r"[0-9a-f]{8}")


def ensure_id(path: Path) -> str:
    """Read the id, or make it: eight hexadecimal digits. Raises StartFailed."""
    word = read_word(path)
    if word is not None and _ID.fullmatch(word):
        return word
    set_aside(path)
    made = secrets.token_hex(4)
    write_word(path, made)
    return made

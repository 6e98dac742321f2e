"""The box's token: made at first start, kept in one private file, compared by hash.

Knows no HTTP. ``ensure`` blocks (call it before the event loop starts); ``check``
does not. Constructed by app; checked by api's authentication.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import stat
from pathlib import Path

from edge.errors import StartFailed
from edge.lan.durable import read_word, set_aside, write_word

TOKEN_BYTES = 32
LEAST_LENGTH = 16
"""A token that a person chose may be no shorter than this many characters."""

logger = logging.getLogger(__name__)


class TokenStore:
    """One token for the whole box, in the file at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest: bytes | None = None

    def ensure(self) -> str | None:
        """Read the token, or make it; the text comes back only when it was just made.

        A file without a token in it is set aside and a new token made. Raises
        StartFailed if the file cannot be used or the token in it is too short.
        """
        token = read_word(self.path)
        made = token is None
        if token is None:
            token = self._make()
        elif len(token) < LEAST_LENGTH:
            raise StartFailed(
                f"{self.path}: a token has at least {LEAST_LENGTH} characters; "
                "delete the file and the box makes one"
            )
        else:
            self._warn_if_open()
        self._digest = _digest(token)
        return token if made else None

    def check(self, presented: str) -> bool:
        """True for the box's token; takes as long for a wrong one. False before ``ensure``."""
        return self._digest is not None and hmac.compare_digest(_digest(presented), self._digest)

    def _make(self) -> str:
        damaged = set_aside(self.path)
        if damaged is not None:
            logger.warning("%s held no token: kept as %s, made a new one", self.path, damaged.name)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        write_word(self.path, token)
        return token

    def _warn_if_open(self) -> None:
        if stat.S_IMODE(self.path.stat().st_mode) & stat.S_IROTH:
            logger.warning("%s can be read by every user of this machine: chmod 600", self.path)


def _digest(token: str) -> bytes:
    # A header may hold lone surrogates (bytes that are not UTF-8); they compare as unequal.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

"""A secret in memory: it prints as nothing, wherever it is printed.

Reads files; called by app when it hands an upstream its credential.
"""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigError


class Secret:
    """Holds a text that no log, traceback or representation shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"


def read_secret(path: Path) -> Secret:
    """The file's text without surrounding whitespace. Raises ConfigError, never quoting it."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ConfigError(f"{path}: the credential file does not exist") from None
    except OSError as error:
        raise ConfigError(f"{path}: the credential cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: the credential is not plain ASCII text") from None
    if not text or not text.isprintable():
        raise ConfigError(f"{path}: expected one line with the credential and nothing else")
    return Secret(text)

"""A person's own regular expressions, on an engine whose time is linear in the text (ADR 18).

Knows no request; the engine is the one that checks schemas. Called by privacy and by app.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import jsonschema_rs

from edge.errors import ConfigError


class Patterns:
    """Compiled once, asked for every new text."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises ConfigError, which names the pattern by its number and says what is wrong."""
        self._checks = [_compiled(number, text) for number, text in enumerate(patterns, 1)]

    def find(self, text: str) -> int | None:
        """The number (from 1) of the first pattern that matches anywhere in the text.

        Raises ValueError for a text that is no Unicode.
        """
        for number, check in enumerate(self._checks, 1):
            if check.is_valid(text):
                return number
        return None


def _compiled(number: int, pattern: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"pattern": pattern}
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (jsonschema_rs.ValidationError, ValueError):
        raise ConfigError(
            f"privacy.never_cloud_patterns: pattern {number} cannot be used: {_why(pattern)}"
        ) from None


def _why(pattern: str) -> str:
    """The engine only says no; Python's own compiler may know what and where."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return "it looks ahead or behind, refers back, or repeats too much"

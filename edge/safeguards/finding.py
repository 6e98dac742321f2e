"""Why an action is held back: the one way the policy says no.

Control flow inside this package only: ``Held`` is raised deep in a command and
becomes a Verdict at the top. It is no error and never leaves the package.
"""

from __future__ import annotations


class Held(Exception):
    """The action is not known to be harmless; ``reason`` completes "because ..."."""

    def __init__(self, reason: str, rule: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.rule = rule
        """The permission rule that would let this action pass, if one can be named."""


class Forbidden(Held):
    """A deny or ask rule of the person's own is against it."""


class CannotJudge(Held):
    """The action cannot be read with certainty."""

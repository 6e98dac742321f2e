"""Which upstreams queued jobs may go to now, and what they wait for. Pure.

A job has time: it goes over a link that is well, not over a weak one, and not where bytes cost
money unless the person wants it so. Called by the runner and by who tells people.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.state import Snapshot


@dataclass(frozen=True, slots=True)
class Gate:
    """``why``: what those upstreams wait for that are not ``open``; None if all are."""

    open: frozenset[str]
    why: str | None = None


def gate(snapshot: Snapshot, usable: frozenset[str], *, metered_too: bool) -> Gate:
    """``usable``: the upstreams that can be asked without a laptop's own credential."""
    far = usable & snapshot.over_link
    why = _closed(snapshot, metered_too=metered_too) if far else None
    return Gate(usable if why is None else usable - far, why)


def _closed(snapshot: Snapshot, *, metered_too: bool) -> str | None:
    link = snapshot.link
    if link is None:
        return None
    if link.level != "online":
        return f"the link is {link.level} ({link.reason})"
    if link.metered and not metered_too:
        return "the link is metered, and [queue] metered is false"
    return None

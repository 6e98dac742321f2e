"""Which sessions must not leave the box any more: a bounded list that outlives restarts.

On disk stand digests of session keys, a cause in one word and a day; nothing of what was
said. A pin lapses only when its session was unheard of for half a year. That a pin could
not be remembered, because the list was full, or that the list was lost, because its file was
unreadable, is remembered as long: ``was_full`` and ``was_lost`` say that a session which is
not on the list may be pinned all the same.
Single writer: privacy, which owns one. ``load`` and ``save`` block.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import disk
from edge.units import Seconds

log = logging.getLogger(__name__)

MOST_PINS = 10_000
LAPSE = Seconds(15_768_000.0)
"""Half a year without a request."""
DAY = 86_400.0
"""A pin's last day is written down once a day at most."""
CLOCK_IS_SET = 1_767_225_600.0
"""The beginning of 2026: a box without a battery clock may wake up long before it."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Pin:
    """``cause`` is one word; ``seen`` the time of its session's last request."""

    cause: str
    seen: float


class Pins:
    """``clock`` tells seconds since 1970."""

    def __init__(self, path: Path, clock: Callable[[], float], *, most: int = MOST_PINS) -> None:
        self._path = path
        self._clock = clock
        self._most = most
        self._pins: dict[str, Pin] = {}
        self._full_until = 0.0
        self._lost_until = 0.0
        self._is_changed = False

    def load(self) -> None:
        """Blocking. A file that cannot be read is set aside and leaves a doubt."""
        try:
            self._take(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.error(
                "%s cannot be read (%s): sessions that are not new stay on this box",
                self._path,
                type(error).__name__,
            )
            with contextlib.suppress(OSError):
                self._path.replace(self._path.with_name(self._path.name + ".unreadable"))
            self._pins = {}
            self._lost_until = self._clock() + LAPSE
            self._is_changed = True

    def _take(self, value: Mapping[str, Any]) -> None:
        if value["version"] != _VERSION:
            raise ValueError("another version's")
        self._full_until = float(value["full_until"])
        self._lost_until = float(value["lost_until"])
        self._pins = {
            str(key): Pin(str(cause), float(seen)) for key, (cause, seen) in value["pins"].items()
        }

    @property
    def was_full(self) -> bool:
        """Whether a session of the last half year was to be pinned and could not be."""
        return self._clock() < self._full_until

    @property
    def was_lost(self) -> bool:
        """Whether sessions that were pinned in the last half year may be unknown."""
        return self._clock() < self._lost_until

    def get(self, key: str) -> Pin | None:
        """The pin of a session, which has been heard of now."""
        pin = self._pins.get(key)
        now = self._clock()
        if pin is not None and now - pin.seen > DAY:
            self._pins[key] = Pin(pin.cause, now)
            self._is_changed = True
        return pin

    def add(self, key: str, cause: str) -> None:
        """Pin a session for its whole life."""
        self._forget_lapsed()
        self._is_changed = True
        if key not in self._pins and len(self._pins) >= self._most:
            log.error("%s is full: all sessions stay on this box", self._path)
            self._full_until = self._clock() + LAPSE
            return
        self._pins[key] = Pin(cause, self._clock())

    def _forget_lapsed(self) -> None:
        now = self._clock()
        lapsed = []
        for key, pin in self._pins.items():
            if pin.seen < CLOCK_IS_SET <= now:  # pinned before the clock was set
                self._pins[key] = Pin(pin.cause, now)
            elif now - pin.seen > LAPSE:
                lapsed.append(key)
        for key in lapsed:
            del self._pins[key]
        if lapsed:
            log.info("%d pinned sessions were unheard of for half a year", len(lapsed))

    def changes(self) -> bytes | None:
        """What has to be saved; None if the file holds it already."""
        if not self._is_changed:
            return None
        self._is_changed = False
        pins = {key: (pin.cause, round(pin.seen)) for key, pin in self._pins.items()}
        whole = {
            "version": _VERSION,
            "full_until": round(self._full_until),
            "lost_until": round(self._lost_until),
            "pins": pins,
        }
        return json.dumps(whole).encode()

    def save(self, content: bytes) -> None:
        """Blocking. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        disk.replace_file(self._path, content)

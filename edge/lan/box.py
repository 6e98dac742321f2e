"""A box as a laptop sees it: what it says of itself in its TXT record, read and shown.

Pure. Whatever a stranger on the LAN sends is cut to size and cleaned of control
characters before anyone prints it; nothing here is trusted, only shown and tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

SERVICE_TYPE = "_codriver._tcp.local."
TXT_VERSION = "1"
TEXT_LIMIT = 200
"""Bytes of one TXT value; with its key it stays below DNS's 255."""

Auth = Literal["token", "none"]
_AUTHS: Mapping[str | None, Auth] = {"token": "token", "none": "none"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a box announces of itself."""

    name: str
    id: str
    version: str
    port: int
    auth: Auth
    model: str = ""
    board: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A box that was found. None and the empty tuple mean: it did not say."""

    name: str
    addresses: tuple[str, ...]
    port: int
    id: str | None = None
    version: str | None = None
    model: str | None = None
    board: str | None = None
    auth: Auth | None = None

    @property
    def url(self) -> str | None:
        """Where its API is, at the first address; the scope of a link-local one is kept."""
        if not self.addresses:
            return None
        host = self.addresses[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def txt_record(offer: Offer) -> dict[str, str]:
    """The TXT record's keys and values, in order; empty values are left out."""
    values = {
        "txtvers": TXT_VERSION,
        "id": offer.id,
        "version": offer.version,
        "board": offer.board,
        "model": offer.model,
        "api": "anthropic",
        "tls": "none",
        "auth": offer.auth,
    }
    return {key: clean(value, TEXT_LIMIT) for key, value in values.items() if value}


def box_from(
    name: str, addresses: Sequence[str], port: int, txt: Mapping[bytes, bytes | None]
) -> Box:
    """A box from what mDNS brought, whatever that was."""
    return Box(
        name=clean(name.removesuffix(f".{SERVICE_TYPE}"), TEXT_LIMIT),
        addresses=tuple(addresses),
        port=port,
        id=_text(txt, b"id"),
        version=_text(txt, b"version"),
        model=_text(txt, b"model"),
        board=_text(txt, b"board"),
        auth=_AUTHS.get(_text(txt, b"auth")),
    )


def clean(text: str, limit: int) -> str:
    """``text`` without what a terminal could obey, in at most ``limit`` bytes of UTF-8."""
    printable = "".join(mark for mark in text if mark.isprintable())
    return printable.encode()[:limit].decode("utf-8", "ignore").strip()


def _text(txt: Mapping[bytes, bytes | None], key: bytes) -> str | None:
    value = txt.get(key)
    return clean(value.decode("utf-8", "replace"), TEXT_LIMIT) or None if value else None


def format_boxes(boxes: Sequence[Box]) -> str:
    """A table for people, one line a box."""
    if not boxes:
        return "No box found on this LAN."
    rows = [("NAME", "MODEL", "BOARD", "ADDRESS", "AUTH"), *(_row(box) for box in boxes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _row(box: Box) -> tuple[str, ...]:
    return (box.name, box.model or "-", box.board or "-", box.url or "-", box.auth or "-")


def boxes_as_json(boxes: Sequence[Box]) -> str:
    """A JSON list for programs; every key is always there, null where unknown."""
    return json.dumps([asdict(box) | {"url": box.url} for box in boxes], indent=2)

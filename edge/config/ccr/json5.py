"""JSON as people write it, with comments, single quotes, bare keys and trailing commas. Pure.

Makes plain JSON of it and has the standard library read that; of JSON5 it leaves out what
no configuration holds (hexadecimal numbers, Infinity). Knows no key.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r'|(?P<double>"(?:[^"\\]|\\.)*")'
    r"|(?P<single>'(?:[^'\\]|\\.)*')"
    r"|(?P<sign>[{}\[\]:,])"
    r"|(?P<word>[A-Za-z_$][\w$]*)"
    r"|(?P<number>[-+]?[0-9.][0-9.eE+-]*)",
    re.DOTALL,
)
_LITERALS = ("true", "false", "null")


def loads(text: str) -> Any:
    """Raises ValueError with the line where it stops being readable."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"line {text.count(chr(10), 0, at) + 1} cannot be read")
        pieces.append(_plain(found, text))
        at = found.end()
    try:
        return json.loads(_without_trailing_commas(pieces))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _plain(found: re.Match[str], text: str) -> str:
    """The token as JSON has it, on as many lines."""
    token = found[0]
    match found.lastgroup:
        case "space":
            return "\n" * token.count("\n")
        case "double":
            return token.replace("\\\n", "")
        case "single":
            inside = token[1:-1].replace("\\\n", "").replace("\\'", "'")
            return '"' + re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', inside) + '"'
        case "word" if token not in _LITERALS or _is_key(text, found.end()):
            return json.dumps(token)
        case "number":
            return token.removeprefix("+")
        case _:
            return token


def _is_key(text: str, at: int) -> bool:
    return text[at : at + 100].lstrip().startswith(":")


def _without_trailing_commas(pieces: list[str]) -> str:
    kept: list[str] = []
    last = -1
    for piece in pieces:
        if piece in ("}", "]") and last >= 0 and kept[last] == ",":
            kept[last] = ""
        if piece.strip():
            last = len(kept)
        kept.append(piece)
    return "".join(kept)

"""The shell's quoting rules, read by hand: what a token means, or CannotJudge.

A second reading beside the grammar's, so that a token the grammar cut wrongly is
noticed. Knows no grammar and no command. Called by words and shell.
"""

from __future__ import annotations

import re

from edge.safeguards.finding import CannotJudge
from edge.safeguards.script import Piece, Plain, Variable

_BARE_FORBIDDEN = frozenset(" \t\n\"'`;|&<>()")
_ANSI = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def bare(text: str) -> tuple[Plain, ...]:
    """An unquoted token. An escaped character is quoted, the rest is not."""
    pieces: list[Plain] = []
    run = ""
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\":
            escaped = text[index + 1 : index + 2]
            if escaped in ("", "\n"):
                raise CannotJudge("a backslash stands at the end of a word")
            pieces += [Plain(run, quoted=False)] if run else []
            pieces.append(Plain(escaped, quoted=True))
            run, index = "", index + 2
            continue
        if char in _BARE_FORBIDDEN or (char == "$" and index + 1 < len(text)):
            raise CannotJudge("its quoting is not understood")
        run += char
        index += 1
    return (*pieces, *([Plain(run, quoted=False)] if run else []))


def single(text: str) -> Plain:
    """``'...'``: nothing inside is special."""
    if len(text) < 2 or text[0] != "'" or text[-1] != "'" or "'" in text[1:-1]:
        raise CannotJudge("its quoting is not understood")
    return Plain(text[1:-1], quoted=True)


def ansi(text: str) -> Plain:
    """``$'...'`` with the everyday escapes only; the others exist to hide something."""
    if not (text.startswith("$'") and text.endswith("'") and len(text) >= 3):
        raise CannotJudge("its quoting is not understood")
    out, index, inner = "", 0, text[2:-1]
    while index < len(inner):
        char = inner[index]
        if char == "\\":
            meaning = _ANSI.get(inner[index + 1 : index + 2])
            if meaning is None:
                raise CannotJudge("it spells characters by escape codes")
            out, index = out + meaning, index + 2
            continue
        if char == "'":
            raise CannotJudge("its quoting is not understood")
        out, index = out + char, index + 1
    return Plain(out, quoted=True)


def in_double(text: str) -> str:
    """Literal text between double quotes, escapes resolved."""
    out, index = "", 0
    while index < len(text):
        char, following = text[index], text[index + 1 : index + 2]
        if char == "\\":
            if following in ("$", "`", '"', "\\"):
                out, index = out + following, index + 2
                continue
            if following in ("\n", ""):
                raise CannotJudge("a line continues inside quotes")
        elif char in '`"' or (char == "$" and re.match(r"[A-Za-z_0-9({@*#?$!\[-]", following)):
            raise CannotJudge("its quoting is not understood")
        out, index = out + char, index + 1
    return out


def heredoc(start: str, body: str, end: str) -> tuple[Piece, ...]:
    """A here-document's text; its delimiter must be plain and must not stand inside."""
    match = re.fullmatch(r"""(['"]?)([A-Za-z_][A-Za-z0-9_]*)\1""", start)
    if match is None or match[2] != end.strip("\t"):
        raise CannotJudge("it has a here-document whose end is unclear")
    if any(line.lstrip("\t") == match[2] for line in body.split("\n")):
        raise CannotJudge("it has a here-document whose end is unclear")
    if match[1]:
        return (Plain(body, quoted=True),)
    if re.search(r"`|\$[({]|\$\[", body):
        raise CannotJudge("it expands commands inside a here-document; quote its delimiter")
    names = re.findall(r"\$([A-Za-z_][A-Za-z0-9_]*)", body)
    return (Plain(body, quoted=True), *(Variable(name, quoted=True) for name in names))


def is_name(text: str) -> bool:
    """Whether it is a plain variable name."""
    return _NAME.fullmatch(text) is not None

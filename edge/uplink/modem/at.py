"""AT commands on a wire: bytes to lines, and which line answers what.

Pure. A modem echoes, speaks unasked (URCs) and, after a reset or at a wrong speed, sends
garbage; an answer ends with one final line. Sources: ITU-T V.250 (framing, final results),
3GPP TS 27.007 section 9.2 (+CME ERROR). Knows no command's meaning. Used by port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_LINE = 1_000
"""What is longer is no line of a modem."""

_FINAL_ERRORS = ("ERROR", "NO CARRIER", "NO ANSWER", "BUSY", "COMMAND NOT SUPPORT")
_NUMBERED_ERROR = re.compile(r"\+CM[ES] ERROR: *(.*)")
_ENDS = re.compile(rb"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``error`` is None after OK, else what the modem had to say."""

    lines: tuple[str, ...] = ()
    error: str | None = None


class Lines:
    """Cuts what arrives into lines; keeps the beginning of one that is not whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, self._rest = _ENDS.split(self._rest + data)
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        texts = (line.decode("ascii", "replace").strip() for line in whole)
        return [text for text in texts if text and len(text) <= LONGEST_LINE]


class Exchange:
    """One command and what answers it."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._prefix = _prefix(command)
        self._lines: list[str] = []

    def take(self, line: str) -> Answer | bool:
        """The answer if this line ends it; else whether the line belongs to it."""
        if line == self.command:  # its echo
            return True
        if line == "OK":
            return Answer(tuple(self._lines))
        if numbered := _NUMBERED_ERROR.fullmatch(line):
            return Answer(tuple(self._lines), numbered[1] or "unknown")
        if line in _FINAL_ERRORS:
            return Answer(tuple(self._lines), line)
        if self._prefix and line.startswith(self._prefix):
            self._lines.append(line)
            return True
        return False


def _prefix(command: str) -> str:
    """How the lines of a read command's answer begin: "+CSQ:" for AT+CSQ."""
    found = re.match(r"AT(\+[A-Z0-9]+)", command)
    return f"{found[1]}:" if found else ""

"""The pieces that exact checkers are made of: run it, read it, look for the fact.

Every piece is a Checker. A missing or unreadable file, a crash and a program that does not
end are all a plain False. Knows no task.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.agent.task import Checker, lay_out

PROGRAM_TIMEOUT_S = 10.0
_SENTINEL = "checks-reached-the-end"
_PYTHON = (sys.executable, "-B", "-E", "-S")


def every(*checks: Checker) -> Checker:
    """All of ``checks`` hold."""
    return lambda root, answer: all(check(root, answer) for check in checks)


def fails(check: Checker) -> Checker:
    """``check`` does not hold."""
    return lambda root, answer: not check(root, answer)


def meanwhile(files: Mapping[str, str], check: Checker) -> Checker:
    """``check`` holds while ``files`` are in the directory; what stood there is put back."""

    def checked(root: Path, answer: str) -> bool:
        before = {path: _bytes(root / path) for path in files}
        try:
            lay_out(files, root)
            return check(root, answer)
        except OSError:
            return False
        finally:
            for path, content in before.items():
                _put_back(root / path, content)

    return checked


def holds(code: str) -> Checker:
    """Python ``code`` (imports and asserts), run in the directory, reaches its end.

    A module that calls exit() when imported does not count as having reached it.
    """
    program = f"{code}\nprint({_SENTINEL!r})"

    def check(root: Path, _answer: str) -> bool:
        return (_output((*_PYTHON, "-c", program), root) or "").endswith(_SENTINEL)

    return check


def prints(expected: str, script: str, *args: str) -> Checker:
    """Running the Python ``script`` in the directory prints ``expected`` and exits 0."""
    return outputs(expected, *_PYTHON, script, *args)


def outputs(expected: str, *command: str) -> Checker:
    """Running ``command`` in the directory prints ``expected`` and exits 0."""
    wanted = _trimmed(expected)
    return lambda root, _answer: _output(command, root) == wanted


def text_is(path: str, expected: str) -> Checker:
    """The file holds exactly ``expected``, trailing white space aside."""
    return lambda root, _answer: _text(root / path) == _trimmed(expected)


def lines_are(path: str, expected: str) -> Checker:
    """The file holds exactly the lines of ``expected``, blank lines aside."""

    def check(root: Path, _answer: str) -> bool:
        content = _text(root / path)
        return content is not None and _written(content) == _written(expected)

    return check


def edited(path: str, original: str, old: str, pattern: str) -> Checker:
    """The file is ``original`` with its only ``old`` replaced by text that matches ``pattern``."""
    before, after = original.split(old)
    whole = re.compile(re.escape(before) + pattern + re.escape(after))
    return lambda root, _answer: whole.fullmatch((_text(root / path) or "") + "\n") is not None


def text_has(path: str, *needles: str) -> Checker:
    """The file exists and holds each needle."""

    def check(root: Path, _answer: str) -> bool:
        content = _text(root / path)
        return content is not None and all(needle in content for needle in needles)

    return check


def text_lacks(path: str, *needles: str) -> Checker:
    """The file exists and holds none of the needles."""

    def check(root: Path, _answer: str) -> bool:
        content = _text(root / path)
        return content is not None and not any(needle in content for needle in needles)

    return check


def absent(path: str) -> Checker:
    """There is nothing of this name."""
    return lambda root, _answer: not (root / path).exists()


def json_is(path: str, expected: Any) -> Checker:
    """The file is JSON and equals ``expected``."""

    def check(root: Path, _answer: str) -> bool:
        try:
            return bool(json.loads(_text(root / path) or "") == expected)
        except ValueError:
            return False

    return check


def csv_is(path: str, header: Sequence[str], *rows: Sequence[str]) -> Checker:
    """The file is CSV with this header and these rows in any order; blank lines do not count."""

    def check(root: Path, _answer: str) -> bool:
        lines = (_text(root / path) or "").splitlines()
        cells = [
            [cell.strip() for cell in row]
            for row in csv.reader(lines, skipinitialspace=True)
            if row
        ]
        return cells[:1] == [list(header)] and sorted(cells[1:]) == sorted(map(list, rows))

    return check


def unittest_passes(module: str) -> Checker:
    """The unittest ``module`` passes when it is run in the directory."""
    command = (*_PYTHON, "-m", "unittest", module)
    return lambda root, _answer: _output(command, root) is not None


def answer_has(*facts: str | tuple[str, ...]) -> Checker:
    """The final text names each fact as a word of its own; a tuple lists equal wordings."""

    def check(_root: Path, answer: str) -> bool:
        return all(_names(answer, fact) for fact in facts)

    return check


def answer_lacks(*facts: str) -> Checker:
    """The final text names none of the facts."""
    return lambda _root, answer: not any(_names(answer, fact) for fact in facts)


def _names(answer: str, fact: str | tuple[str, ...]) -> bool:
    wordings = (fact,) if isinstance(fact, str) else fact
    return any(_is_named(answer, wording) for wording in wordings)


def _is_named(answer: str, wording: str) -> bool:
    """``wording`` stands alone: 42 is not named by 142, 4.42 or 42.5."""
    pattern = rf"(?<!\w)(?<!\d[.,]){re.escape(wording)}(?!\w)(?![.,]\d)"
    return re.search(pattern, answer, re.IGNORECASE) is not None


def _text(path: Path) -> str | None:
    try:
        return _trimmed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _put_back(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    elif path.is_file():
        path.unlink()


def _output(command: Sequence[str], root: Path) -> str | None:
    """What ``command`` printed, trimmed; None when it failed or did not end."""
    try:
        done = subprocess.run(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROGRAM_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _trimmed(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _written(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]

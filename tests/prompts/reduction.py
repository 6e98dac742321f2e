"""A recorded request body without its long prose: what may differ stays word for word.

Pure. A stretch of prose becomes its length and the beginning of its hash, so that two
recordings still show where they differ. Knows none of the rules that are tested with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

SHORT = 60
"""Characters of a line that is kept whatever it says."""

TELLING = 160
"""Characters of a line that is kept if it holds anything that may differ."""

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

STAND_IN = re.compile(r"\[prose (\d+) characters, sha256 ([0-9a-f]{8})\]")

_FRAGMENT = re.compile(
    rf"{STAND_IN.pattern}"
    r"|^[A-Za-z-]+: (?=\S)"
    r"|^[ -]*(?:This is a git worktree|The git stash stack)"
    r"|</?system-reminder>"
    r"|<total_tokens>[^<>]*</total_tokens>"
    r"|(?<![\w/.])/[\w.~-]+(?:/[\w.~-]+)+/?"
    rf"|\b(?:[Cc]urrent month is )?(?:{_MONTHS}) \d{{4}}\b"
    r"|\b\d{4}-\d\d-\d\d\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"
    r"|\b(?=[a-f]*\d)[0-9a-f]{7,}\b"
    r"|\bclaude-[a-z]+-[\w.\[\]-]+"
)
"""What differs between projects, days, sessions and models, wherever it stands; and what
stands for prose already, so that a text reduced twice is the text reduced once."""

_EDGES = " \t\n`'\".,;:()-"
"""What stays around a stand-in: a fragment beside it ends where it ended."""

_VALUE = re.compile(rf"{_FRAGMENT.pattern}|\d", re.MULTILINE)


def reduce_body(body: Mapping[str, Any], *, schemas: bool = False) -> dict[str, Any]:
    """The body with every long text reduced, its structure as it was. ``schemas``: of the
    tools' schemas only descriptions are reduced; else each becomes one reduced text."""
    reduced = dict(body)
    if body.get("system"):
        reduced["system"] = _content(body["system"])
    reduced["messages"] = [_holding(message) for message in body["messages"]]
    if body.get("tools"):
        reduced["tools"] = [reduce_tool(tool, schema=schemas) for tool in body["tools"]]
    return reduced


def reduce_tool(tool: Mapping[str, Any], *, schema: bool = False) -> dict[str, Any]:
    """Its texts are the vendor's throughout: of them no line is kept, only fragments."""
    reduced = dict(tool)
    if "description" in tool:
        reduced["description"] = _told(tool["description"])
    if "input_schema" in tool:
        made = _schema if schema else _schema_as_text
        reduced["input_schema"] = made(tool["input_schema"])
    return reduced


def reduce_text(text: str, *, short: int = SHORT, telling: int = TELLING) -> str:
    """``text`` with stand-ins for its prose; line ends stay where they were."""
    out: list[str] = []
    prose: list[str] = []

    def flush() -> None:
        if prose:
            out.append(_stand_in("".join(prose)))
            prose.clear()

    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        if len(bare) <= short or (len(bare) <= telling and _VALUE.search(bare)):
            flush()
            out.append(line)
            continue
        for piece, kept in _pieces(line):
            if kept:
                flush()
                out.append(piece)
            else:
                prose.append(piece)
    flush()
    return "".join(out)


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    """The line in order: prose, and what is kept of it."""
    at = 0
    for match in _FRAGMENT.finditer(line):
        if match.start() > at:
            yield line[at : match.start()], False
        yield match[0], True
        at = match.end()
    if at < len(line):
        yield line[at:], False


def _stand_in(prose: str) -> str:
    core = prose.strip(_EDGES)
    if len(core) <= SHORT:
        return prose
    digest = hashlib.sha256(core.encode()).hexdigest()[:8]
    before = prose[: len(prose) - len(prose.lstrip(_EDGES))]
    after = prose[len(prose.rstrip(_EDGES)) :]
    return f"{before}[prose {len(core)} characters, sha256 {digest}]{after}"


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return reduce_text(content)
    return [
        {**part, "text": reduce_text(part["text"])}
        if isinstance(part.get("text"), str)
        else _holding(part)
        for part in content
    ]


def _holding(holder: Mapping[str, Any]) -> dict[str, Any]:
    """A message, or a part such as a tool's result, with its content reduced if it has any."""
    content = holder.get("content")
    return {**holder, "content": _content(content)} if content else dict(holder)


def _told(text: str) -> str:
    return reduce_text(text, short=-1, telling=-1)


def _schema(schema: Any) -> Any:
    """The schema, whole but for the prose of its descriptions."""
    if isinstance(schema, list):
        return [_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _told(value) if key == "description" and isinstance(value, str) else _schema(value)
        for key, value in schema.items()
    }


def _schema_as_text(schema: Any) -> dict[str, Any]:
    text = json.dumps(schema, ensure_ascii=False)
    text = text.replace('"$schema": "https://json-schema.org/draft/2020-12/schema", ', "")
    return {"type": "object", "description": _told(text)}

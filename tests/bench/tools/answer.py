"""A streamed Messages API answer, read and judged: which calls it holds, and whether they fit.

Pure: events in, values out. Knows no server and no prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

CUTS = ("max_tokens", "model_context_window_exceeded")
"""stop_reasons of answers that had more to say."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool_use block: its name and the text of its arguments; ``whole`` if it was closed."""

    name: str
    arguments: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came; ``error`` says why it is not a whole answer."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    stop_reason: str | None = None
    error: str | None = None

    @property
    def cut(self) -> bool:
        """Whether the end of the tokens cut the last call. It counts as an invalid one like
        any other; knowing why tells what to mend."""
        return bool(self.calls) and self.stop_reason in CUTS and not _is_json(self.calls[-1])


@dataclass(slots=True)
class _Block:
    name: str | None
    given: Any
    pieces: list[str] = field(default_factory=list)
    whole: bool = False


def read_events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The events of a server-sent stream."""
    for line in lines:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def read_answer(events: Iterable[dict[str, Any]]) -> Answer:
    """Put an answer together from its events; a stream that breaks off has an error."""
    blocks: dict[int, _Block] = {}
    stop_reason: str | None = None
    error: str | None = "the stream ended without message_stop"
    for event in events:
        match event["type"]:
            case "content_block_start":
                block = event["content_block"]
                blocks[event["index"]] = _Block(block.get("name"), block.get("input"))
            case "content_block_delta":
                blocks[event["index"]].pieces.append(_piece(event["delta"]))
            case "content_block_stop":
                blocks[event["index"]].whole = True
            case "message_delta":
                stop_reason = event["delta"].get("stop_reason")
            case "message_stop":
                error = None
            case "error":
                error = json.dumps(event["error"])
                break
    text = "".join("".join(block.pieces) for block in blocks.values() if block.name is None)
    calls = tuple(_call(block) for block in blocks.values() if block.name is not None)
    return Answer(text, calls, stop_reason, error)


def _piece(delta: Mapping[str, Any]) -> str:
    return str(delta.get("text") or delta.get("partial_json") or "")


def _call(block: _Block) -> Call:
    arguments = "".join(block.pieces) or json.dumps(block.given or {})
    return Call(str(block.name), arguments, block.whole)


def _is_json(call: Call) -> bool:
    try:
        json.loads(call.arguments)
    except ValueError:
        return False
    return True


def fault(call: Call, schemas: Mapping[str, Any]) -> str | None:
    """Why ``call`` is not valid for the offered ``schemas`` (by tool name); None if it is."""
    if not call.whole:
        return f"{call.name}: the block was never closed"
    if call.name not in schemas:
        return f"{call.name} is not among the offered tools"
    try:
        value = json.loads(call.arguments)
    except ValueError as error:
        return f"{call.name}: the arguments are not JSON ({error})"
    if not isinstance(value, dict):
        return f"{call.name}: the arguments are not an object"
    validator = jsonschema_rs.validator_for(schemas[call.name], validate_formats=True)
    errors = [error.message for error in validator.iter_errors(value)]
    return f"{call.name}: {errors[0]}" if errors else None

"""What the stand-in cloud says, event by event, in the shapes that Anthropic's API sends. Pure.

A text answer, and turns of a conversation in which Claude Code is made to run commands: each
appends a line to a file, so that a command that ran twice shows. Knows no socket.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "claude-opus-5-5"
LAST_WORDS = "All steps are done."
MARKS = "steps.txt"
"""The file to which the commands append, in the project."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``words``: deltas of a text answer; ``steps``: commands before the last words, 0 for none."""

    words: int = 40
    steps: int = 0


def frame(kind: str, **fields: Any) -> bytes:
    """One event as it goes over the wire."""
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


def text_answer(number: int, plan: Plan) -> tuple[bytes, ...]:
    """A text of so many words; the first piece is the head with the block's start, as there."""
    words = ["The ", *("word " for _ in range(plan.words - 2)), "end."]
    return _answer(number, [_text(0, words)], "end_turn")


def turn(number: int, asked: bytes, plan: Plan) -> tuple[bytes, ...]:
    """The next turn of a conversation that wants ``plan.steps`` commands, by how many results
    the request holds; a request that offers no tools is a side request."""
    if b'"tools":[{' not in asked.replace(b" ", b""):
        return _answer(number, [_text(0, ["{}"])], "end_turn")
    done = asked.count(b'"tool_use_id"')
    if done >= plan.steps:
        return _answer(number, [_text(0, _pieces(LAST_WORDS))], "end_turn")
    words = [f"Step {done + 1} ", *("of ", "the ", "work: ") * (plan.words // 3)]
    command = json.dumps({"command": f"echo step-{done + 1} >> {MARKS}", "description": "Mark"})
    blocks = [_text(0, words), _call(1, f"toolu_{number:06d}{done:02d}", command)]
    return _answer(number, blocks, "tool_use")


def _answer(number: int, blocks: Sequence[Sequence[bytes]], stop: str) -> tuple[bytes, ...]:
    usage = {"input_tokens": 12, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    message = {
        "id": f"msg_{number:024d}",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    pieces = [piece for block in blocks for piece in block]
    head = frame("message_start", message=message) + pieces[0] + frame("ping")
    delta = {"stop_reason": stop, "stop_sequence": None}
    end = frame("message_delta", delta=delta, usage={**usage, "output_tokens": len(pieces)})
    return (head, *pieces[1:], end + frame("message_stop"))


def _text(index: int, words: Sequence[str]) -> list[bytes]:
    return [
        frame("content_block_start", index=index, content_block={"type": "text", "text": ""}),
        *(
            frame("content_block_delta", index=index, delta={"type": "text_delta", "text": word})
            for word in words
        ),
        frame("content_block_stop", index=index),
    ]


def _call(index: int, name: str, arguments: str) -> list[bytes]:
    block = {"type": "tool_use", "id": name, "name": "Bash", "input": {}}
    return [
        frame("content_block_start", index=index, content_block=block),
        *(
            frame(
                "content_block_delta",
                index=index,
                delta={"type": "input_json_delta", "partial_json": piece},
            )
            for piece in _pieces(arguments)
        ),
        frame("content_block_stop", index=index),
    ]


def _pieces(text: str, size: int = 6) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]

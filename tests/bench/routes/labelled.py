"""The labelled requests: what people type to Claude Code, and whether that is light work or heavy.

One JSON array a line in requests.jsonl: the label, why in a word, the text, and perhaps what
surrounds it: ``before`` (what was said before), ``failures`` (tool results since then that
are errors), ``turns``, ``background`` (the client's own errands), ``tools``. A digest of the text
says in which half a request is: points and thresholds were chosen on "development" only. Those
``afterwards`` were written in other words when the table of words stood, which was then left
as it is; thresholds were chosen anew on "development" once they had shown how. The ``blind`` ones
are by somebody who had seen neither the table nor any of these: they only judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from edge.chat import ChatRequest
from edge.dialects import anthropic
from edge.routing.need import Tier

FILE = Path(__file__).with_name("requests.jsonl")

Half = Literal["development", "held out", "afterwards", "blind"]

_TOOLS = [
    {"name": name, "description": name, "input_schema": {"type": "object"}}
    for name in ("Bash", "Edit", "Glob", "Grep", "Read", "Task", "Write")
]
_REMINDER = (
    "<system-reminder>\nAs you answer, you can use this context: CLAUDE.md\n</system-reminder>"
)


@dataclass(frozen=True, slots=True)
class Labelled:
    tier: Tier
    why: str
    text: str
    around: Mapping[str, Any]

    @property
    def half(self) -> Half:
        if self.around.get("blind"):
            return "blind"
        if self.around.get("afterwards"):
            return "afterwards"
        digest = sha256(self.text.encode()).digest()
        return "held out" if digest[0] % 2 else "development"

    def request(self) -> ChatRequest:
        """As Claude Code would send it."""
        body = {
            "model": "claude-haiku-4-5" if self.around.get("background") else "claude-sonnet-5",
            "max_tokens": 32_000,
            "messages": self._messages(),
            "tools": _TOOLS if self.around.get("tools", True) else [],
            "stream": True,
        }
        return anthropic.parse(json.dumps(body).encode(), {})

    def _messages(self) -> list[dict[str, Any]]:
        earlier = [f"step {n}" for n in range(1, self.around.get("turns", 1))]
        said = [*earlier, *self.around.get("before", ())]
        messages: list[dict[str, Any]] = []
        for text in said:
            messages += [_user(text), {"role": "assistant", "content": "Done."}]
        messages.append(_user(f"{_REMINDER}\n{self.text}"))
        for number in range(self.around.get("failures", 0)):
            messages += _failed_call(f"toolu_{number}")
        return messages


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _failed_call(id_: str) -> list[dict[str, Any]]:
    call = {"type": "tool_use", "id": id_, "name": "Bash", "input": {"command": "make"}}
    result = {"type": "tool_result", "tool_use_id": id_, "content": "error", "is_error": True}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]


def load(half: Half) -> list[Labelled]:
    lines = FILE.read_text("utf-8").splitlines()
    found = [_labelled(*json.loads(line)) for line in lines]
    return [one for one in found if one.half == half]


def _labelled(tier: Tier, why: str, text: str, around: Mapping[str, Any] | None = None) -> Labelled:
    return Labelled(tier, why, text, around or {})

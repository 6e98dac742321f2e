"""An independent reading of an Anthropic event stream: it fails on any breach of the protocol."""

import json
from typing import Any

DELTAS = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}


def frames(stream: bytes) -> list[dict[str, Any]]:
    """The data of every frame, each in the one form ``event: x``, ``data: {json}``."""
    if not stream:
        return []
    assert stream.endswith(b"\n\n")
    found = []
    for frame in stream.decode().removesuffix("\n\n").split("\n\n"):
        event, data = frame.split("\n")
        value = json.loads(data.removeprefix("data: "))
        assert event == f"event: {value['type']}"
        found.append(value)
    return found


class Checked:
    """A whole stream, checked, with what it said."""

    def __init__(self, stream: bytes) -> None:
        self.blocks: list[dict[str, Any]] = []
        self.pings = 0
        self.last: dict[str, Any] = {}
        self._open = False
        all_frames = frames(stream)
        assert all_frames[0]["type"] == "message_start"
        self.message = all_frames[0]["message"]
        assert self.message["id"].startswith("msg_")
        assert self.message["content"] == []
        for position, frame in enumerate(all_frames[1:], start=1):
            self._take(frame, is_last=position == len(all_frames) - 1)
        assert not self._open
        assert all_frames[-1]["type"] == "message_stop"

    def _take(self, frame: dict[str, Any], is_last: bool) -> None:
        match frame["type"]:
            case "ping":
                self.pings += 1
                assert not self.last
            case "content_block_start":
                self._start(frame)
            case "content_block_delta":
                self._delta(frame)
            case "content_block_stop":
                self._stop(frame)
            case "message_delta":
                assert not self._open
                assert not self.last
                self.last = frame
            case "message_stop":
                assert is_last
                assert self.last
            case kind:
                raise AssertionError(f"unexpected {kind}")

    def _start(self, frame: dict[str, Any]) -> None:
        assert not self._open
        assert not self.last
        assert frame["index"] == len(self.blocks)
        block = dict(frame["content_block"])
        assert block["type"] in DELTAS
        block["pieces"] = []
        block["signatures"] = 0
        self.blocks.append(block)
        self._open = True

    def _delta(self, frame: dict[str, Any]) -> None:
        assert self._open
        assert frame["index"] == len(self.blocks) - 1
        block, delta = self.blocks[-1], frame["delta"]
        if delta["type"] == "signature_delta":
            assert block["type"] == "thinking"
            block["signatures"] += 1
            return
        kind, field = DELTAS[block["type"]]
        assert delta["type"] == kind
        assert not block["signatures"]
        block["pieces"].append(delta[field])

    def _stop(self, frame: dict[str, Any]) -> None:
        assert self._open
        assert frame["index"] == len(self.blocks) - 1
        block = self.blocks[-1]
        assert block["signatures"] == (block["type"] == "thinking")
        block["whole"] = "".join(block["pieces"])
        if block["type"] == "tool_use":
            assert block["input"] == {}
            assert isinstance(json.loads(block["whole"]), dict)
        self._open = False

    @property
    def said(self) -> list[tuple[str, str]]:
        """Kind and text of each block."""
        return [(block["type"], block["whole"]) for block in self.blocks]

"""Requests recorded from two real Claude Code clients, as bytes and headers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "recordings"


@dataclass(frozen=True)
class Recording:
    method: str
    path: str
    headers: dict[str, str]
    json: Any

    @property
    def body(self) -> bytes:
        return json.dumps(self.json, ensure_ascii=False).encode()


def load(name: str) -> Recording:
    value = json.loads((FOLDER / f"claude-code-{name}.json").read_text())
    return Recording(value["method"], value["path"], dict(value["headers"]), value["body"])


def posts() -> list[str]:
    names = (path.stem.removeprefix("claude-code-") for path in sorted(FOLDER.glob("*.json")))
    return [name for name in names if load(name).method == "POST"]

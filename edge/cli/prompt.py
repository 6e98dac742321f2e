"""A prompt with its files as the body of a Messages API request, or a body that is there already.

Reads files; knows no box. For ``codriver queue add``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edge.app.explain import guess_dialect
from edge.errors import BadRequest

MAX_TOKENS = 8_192
"""Of an answer, where nothing is said."""
MOST_FILE_BYTES = 20_000_000

_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_PDF = ".pdf"


@dataclass(frozen=True, slots=True)
class Body:
    """What is to be asked, as bytes of that dialect."""

    dialect: Literal["anthropic", "openai"]
    content: bytes


def compose(
    prompt: str, files: Sequence[Path], *, model: str, system: str | None, max_tokens: int
) -> Body:
    """The files stand before the prompt. Raises BadRequest for one that cannot be sent."""
    if not prompt.strip():
        raise BadRequest("there is nothing to ask: write a prompt, or send one to stdin")
    blocks = [_block(file) for file in files]
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": max_tokens,
        "messages": [{"role": "user", "content": [*blocks, {"type": "text", "text": prompt}]}],
    }
    if system:
        body["system"] = system
    return Body("anthropic", json.dumps(body).encode())


def whole_request(file: Path) -> Body:
    """A request's body in a file, of either dialect. Raises BadRequest."""
    content = _read(file)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{file}: this is not JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("messages"), list):
        raise BadRequest(f"{file}: this is no request: expected a JSON object with messages")
    return Body(guess_dialect(value), content)


def _block(file: Path) -> dict[str, Any]:
    kind = file.suffix.lower()
    content = _read(file)
    if kind in _IMAGES:
        return {"type": "image", "source": _source(_IMAGES[kind], content)}
    if kind == _PDF:
        return {"type": "document", "source": _source("application/pdf", content)}
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(
            f"{file}: this is neither UTF-8 text nor a PDF nor an image ({', '.join(_IMAGES)})"
        ) from None
    return {"type": "text", "text": f'<file name="{file.name}">\n{text}\n</file>'}


def _source(media_type: str, content: bytes) -> dict[str, str]:
    data = base64.b64encode(content).decode("ascii")
    return {"type": "base64", "media_type": media_type, "data": data}


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_FILE_BYTES:
            raise BadRequest(f"{file}: has more than {MOST_FILE_BYTES:,} bytes")
        return file.read_bytes()
    except OSError as error:
        raise BadRequest(f"{file}: {error.strerror}") from None

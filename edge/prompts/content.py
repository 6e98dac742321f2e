"""Parts of a message that a text model cannot read, turned into text it can.

Knows the parts of a chat request and whether the model sees; knows no template. Called
by normalise. Says no, in a sentence, to what a person attached and the model cannot take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edge.chat import Document, Image, Json, Opaque, Part, Text, ToolResult
from edge.errors import UnsupportedInput

IMAGE_NOTE = "[image omitted: this model reads text only]"
PDF_NOTE = "[document omitted: this model reads text only]"

MAX_OPAQUE = 2000
"""Characters of an unknown block that are shown to the model."""

_READABLE = ("text", "title", "url", "query", "name", "stdout", "stderr")


def readable(part: Part, *, model: str, vision: bool, strict: bool) -> Part | None:
    """The part as text where it must be; None where nothing is left of it.

    ``strict`` parts were attached by a person just now: what the model cannot take is
    an UnsupportedInput, not a note.
    """
    match part:
        case Text():
            return part if part.text.strip() else None
        case Image() if not vision:
            if strict:
                raise UnsupportedInput(_image_refusal(model))
            return Text(IMAGE_NOTE, part.cache)
        case Document():
            return _document(part, model=model, vision=vision, strict=strict)
        case Opaque():
            return Text(_opaque(part))
        case ToolResult():
            return _tool_result(part, model=model, vision=vision)
        case _:
            return part


def _image_refusal(model: str) -> str:
    return (
        f"the local model that answers for {model} reads text only and cannot see images: "
        "send the request again without the image, or with a model that takes images"
    )


def _document_refusal(model: str) -> str:
    return (
        f"the local model that answers for {model} reads text only and cannot open a PDF or a "
        "linked document: send its text instead, or use a model that takes documents"
    )


def _tool_result(result: ToolResult, *, model: str, vision: bool) -> ToolResult:
    parts = (readable(part, model=model, vision=vision, strict=False) for part in result.content)
    content = tuple(part for part in parts if part is not None)
    return ToolResult(result.tool_use_id, content, result.is_error, result.cache)


def _document(document: Document, *, model: str, vision: bool, strict: bool) -> Text:
    body = _body(document, model=model, vision=vision, strict=strict)
    if body is None:
        if strict:
            raise UnsupportedInput(_document_refusal(model))
        body = PDF_NOTE
    head = "".join(
        f' {name}="{value}"'
        for name, value in (("title", document.title), ("context", document.context))
        if value
    )
    return Text(f"<document{head}>\n{body}\n</document>", document.cache)


def _body(document: Document, *, model: str, vision: bool, strict: bool) -> str | None:
    if document.text is not None:
        return document.text
    if document.parts:
        parts = (readable(p, model=model, vision=False, strict=strict) for p in document.parts)
        return "\n".join(part.text for part in parts if isinstance(part, Text))
    if document.data is not None and (document.media_type or "").startswith("text/"):
        return document.data.decode("utf-8", errors="replace")
    return None


def _opaque(block: Opaque) -> str:
    words = " ".join(_strings(block.value))
    text = f"[{block.kind}] {words}".rstrip()
    return text if len(text) <= MAX_OPAQUE else text[: MAX_OPAQUE - 1] + "…"


def _strings(value: Json) -> Iterator[str]:
    """What a person would read of an unknown block, in order."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str):
                if key in _READABLE and inner.strip():
                    yield inner
            else:
                yield from _strings(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _strings(inner)

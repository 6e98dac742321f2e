"""Documents, images and unknown blocks as text."""

import pytest

from edge.chat import Document, Image, Opaque, Part, Text, Thinking
from edge.errors import UnsupportedInput
from edge.prompts.content import MAX_OPAQUE, readable


def shown(part: Part, *, strict: bool = False, vision: bool = False) -> Part | None:
    return readable(part, model="claude-opus-5-5", vision=vision, strict=strict)


@pytest.mark.parametrize(
    ("document", "body"),
    [
        (Document("text/plain", text="hello"), "hello"),
        (Document("text/markdown", data=b"caf\xc3\xa9"), "caf\u00e9"),
        (Document(None, parts=(Text("a"), Text("b"))), "a\nb"),
        (
            Document("application/pdf", data=b"%PDF"),
            "[document omitted: this model reads text only]",
        ),
    ],
)
def test_a_document_becomes_its_text(document: Document, body: str) -> None:
    assert shown(document) == Text(f"<document>\n{body}\n</document>")


def test_a_document_says_its_title() -> None:
    text = shown(Document(None, text="x", title="Manual", context="car"))
    assert text == Text('<document title="Manual" context="car">\nx\n</document>')


def test_the_refusal_names_the_model() -> None:
    with pytest.raises(UnsupportedInput, match="claude-opus-5-5 reads text only"):
        shown(Image("image/png", data=b""), strict=True)


def test_an_unknown_block_becomes_short_text() -> None:
    block = Opaque("search_result", {"title": "Pi 5", "content": [{"text": "16 GB", "id": "q"}]})
    assert shown(block) == Text("[search_result] Pi 5 16 GB")
    long = shown(Opaque("x", {"text": "y" * 9000}))
    assert isinstance(long, Text)
    assert len(long.text) == MAX_OPAQUE


def test_blank_text_goes_and_the_rest_stays() -> None:
    assert shown(Text(" \n")) is None
    assert shown(Thinking("hm")) == Thinking("hm")

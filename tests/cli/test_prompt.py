"""Prompts and their files as requests."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from edge.cli.prompt import MOST_FILE_BYTES, compose, whole_request
from edge.errors import BadRequest


def composed(prompt: str, *files: Path, system: str | None = None) -> dict[str, Any]:
    body = compose(prompt, files, model="m", system=system, max_tokens=9)
    assert body.dialect == "anthropic"
    value: dict[str, Any] = json.loads(body.content)
    return value


def test_a_prompt_alone():
    assert composed("why?") == {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "why?"}]}],
    }
    assert composed("why?", system="Be brief.")["system"] == "Be brief."


def test_files_stand_before_the_prompt(tmp_path: Path):
    for name, content in (("a.py", b"x = '\xc3\xa9'"), ("b.PNG", b"\x89PNG"), ("c.pdf", b"%PDF")):
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / name for name in ("a.py", "b.PNG", "c.pdf")]
    text, image, document, prompt = composed("why?", *files)["messages"][0]["content"]
    assert text == {"type": "text", "text": "<file name=\"a.py\">\nx = '\u00e9'\n</file>"}
    assert (image["type"], image["source"]["media_type"]) == ("image", "image/png")
    assert (document["type"], document["source"]["media_type"]) == ("document", "application/pdf")
    assert base64.b64decode(document["source"]["data"]) == b"%PDF"
    assert prompt == {"type": "text", "text": "why?"}


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_nothing_to_ask(prompt: str):
    with pytest.raises(BadRequest, match="there is nothing to ask"):
        composed(prompt)


def test_files_that_cannot_be_sent(tmp_path: Path):
    binary, large = tmp_path / "a.bin", tmp_path / "large.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    with large.open("wb") as file:
        file.truncate(MOST_FILE_BYTES + 1)
    for file, words in (
        (binary, "neither UTF-8 text nor a PDF nor an image"),
        (large, "has more than 20,000,000 bytes"),
        (tmp_path / "no", "No such file"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(BadRequest, match=words):
            composed("why?", file)


def test_a_whole_request_keeps_its_bytes(tmp_path: Path):
    file = tmp_path / "request.json"
    messages = '"messages":  [{"role": "user", "content": "x"}]'
    for text, dialect in (
        (f'{{"max_tokens": 9, {messages}}}', "anthropic"),
        (f"{{{messages}}}", "openai"),
    ):
        file.write_text(text)
        body = whole_request(file)
        assert (body.dialect, body.content) == (dialect, text.encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "this is not JSON"), ("[]", "this is no request"), ("{}", "this is no request")],
)
def test_a_file_that_is_no_request(tmp_path: Path, content: str, words: str):
    file = tmp_path / "request.json"
    file.write_text(content)
    with pytest.raises(BadRequest, match=words):
        whole_request(file)

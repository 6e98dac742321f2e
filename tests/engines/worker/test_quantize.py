"""The quantizer's process, in this one."""

import json
from pathlib import Path

import pytest

from edge.catalog.gguf import read
from edge.engines.worker.quantize import quantize
from tests.catalog.tiny_gguf import make_tiny_gguf

Q8_0 = 7


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_it_says_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = make_tiny_gguf(tmp_path / "tiny.gguf")
    assert quantize(str(source), str(tmp_path / "made.gguf"), Q8_0, 1) == 0
    *steps, last = events(capsys)
    assert last == {"done": True}
    count = len(read(source).tensors)
    assert [(step["at"], step["of"]) for step in steps] == [(n + 1, count) for n in range(count)]


def test_it_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "no.gguf").write_bytes(b"no model")
    assert quantize(str(tmp_path / "no.gguf"), str(tmp_path / "made.gguf"), Q8_0, 1) == 1
    assert events(capsys)[-1]["failed"]
    assert not (tmp_path / "made.gguf").exists()

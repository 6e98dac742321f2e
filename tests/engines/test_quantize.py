"""Quantizing and judging in processes of their own."""

import os
import sys
from pathlib import Path

import pytest

from edge.engines.quantize import loss, quantize
from edge.errors import ModelUnusable
from tests.catalog.tiny_gguf import make_tiny_gguf

Q8_0 = 7


def saying(words: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import json, sys\n{words}")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_tiny_gguf(tmp_path / "tiny.gguf")


def test_progress_and_a_whole_file(source: Path, tmp_path: Path):
    told: list[tuple[int, int]] = []
    target = tmp_path / "made.gguf"
    quantize(source, target, Q8_0, 1, lambda at, of: told.append((at, of)))
    assert target.stat().st_size < source.stat().st_size
    assert [at for at, _ in told] == list(range(1, told[-1][1] + 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.gguf", "tiny.gguf"]


def test_a_level_loses_little(source: Path, tmp_path: Path):
    quantize(source, tmp_path / "made.gguf", Q8_0, 1, lambda _at, _of: None)
    assert loss(tmp_path / "made.gguf", 1) == pytest.approx(loss(source, 1), abs=0.05)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("print(json.dumps({'failed': 'no such level'})); sys.exit(1)", "no such level"),
        ("sys.exit(3)", "its process ended"),
        ("print(json.dumps({'at': 1, 'of': 2}))", "its process ended"),
    ],
)
def test_a_failure_leaves_nothing(source: Path, tmp_path: Path, words: str, reason: str):
    words = f"open(sys.argv[2], 'w').write('half')\n{words}"
    with pytest.raises(ModelUnusable, match=reason):
        quantize(source, tmp_path / "made.gguf", Q8_0, 1, lambda _at, _of: None, saying(words))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


def test_an_interrupt_ends_the_process_and_leaves_nothing(source: Path, tmp_path: Path):
    def interrupt(_at: int, _of: int) -> None:
        raise KeyboardInterrupt

    words = (
        "import os, time\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "open(sys.argv[2], 'w').write('half')\n"
        "print(json.dumps({'at': 1, 'of': 2}), flush=True)\n"
        "time.sleep(600)"
    )
    with pytest.raises(KeyboardInterrupt):
        quantize(source, tmp_path / "made.gguf", Q8_0, 1, interrupt, saying(words))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pid", "tiny.gguf"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_folder_that_is_not_there(source: Path, tmp_path: Path):
    target = tmp_path / "none" / "made.gguf"
    with pytest.raises(ModelUnusable, match="cannot"):
        quantize(source, target, Q8_0, 1, lambda _at, _of: None)


def test_what_is_no_model_cannot_be_judged(tmp_path: Path):
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelUnusable, match=r"x\.gguf cannot be judged"):
        loss(tmp_path / "x.gguf", 1)

"""Models that no start can serve: one sentence with what to do, exit code 1, no traceback.

What the file's first bytes give away is in test_bad_input.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

from tests.system.daemon import run_codriver, started

HUGE_BYTES = 400 * 10**9
WIDTH = 8192


def huge(path: Path) -> Path:
    """A whole file of 400 GB by its header and its length; sparse, so that it takes no disk."""
    return declared(path, "llama", HUGE_BYTES)


def foreign(path: Path) -> Path:
    return declared(path, "transformer-of-2031", 2 * WIDTH)


def declared(path: Path, architecture: str, nbytes: int) -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(32_768)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(80)
    writer.add_head_count(64)
    writer.add_head_count_kv(8)
    writer.add_feed_forward_length(4 * WIDTH)
    shape = (nbytes // 2 // WIDTH, WIDTH)
    writer.add_tensor_info("blk.0.ffn_up.weight", shape, np.dtype(np.float16), nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + nbytes + 4096)
    return path


def without_most_of_it(path: Path) -> Path:
    """A header that says nothing wrong; what is missing shows when llama.cpp loads it."""
    return declared(path, "llama", 2 * WIDTH)


LARGER_THAN_MEMORY = re.compile(
    r"codriver: model: needs 400\.\d\d GB \(weights 400\.00 GB, 2,048 tokens of context 0\.84 GB,"
    r" working memory \d\.\d\d GB\) and \d+\.\d\d GB may be used;"
    r" take a smaller model or quantization"
)
FOREIGN = re.compile(
    r"codriver: .*model\.gguf has the architecture 'transformer-of-2031', which .*"
)
REFUSED_BY_LLAMA_CPP = re.compile(r"codriver: llama\.cpp cannot load .*model\.gguf: .*")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (huge, LARGER_THAN_MEMORY),
        (foreign, FOREIGN),
        (without_most_of_it, REFUSED_BY_LLAMA_CPP),
    ],
    ids=["larger than memory", "unknown architecture", "refused by llama.cpp"],
)
def test_serve_refuses_in_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], words: re.Pattern[str]
):
    path = make(tmp_path / "model.gguf")
    with started("--port", "0", "--model", str(path)) as daemon:
        assert daemon.process.wait(120) == 1
    (sentence,) = [line for line in daemon.said.splitlines() if line.startswith("codriver: ")]
    assert words.fullmatch(sentence)
    assert "Traceback" not in daemon.said
    assert "serving" not in daemon.said


def test_plan_says_how_much_larger_than_memory_it_is(tmp_path: Path):
    path = huge(tmp_path / "model.gguf")
    done = run_codriver("plan", "--model", path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].split()[:5] == ["no", "model", "F16", "yes", "2,048"]
    assert LARGER_THAN_MEMORY.fullmatch(done.stderr.rstrip("\n"))


def test_a_model_larger_than_memory_keeps_no_other_from_serving(tmp_path: Path):
    huge(tmp_path / "huge.gguf")
    foreign(tmp_path / "foreign.gguf")
    done = run_codriver("plan", "--models-dir", tmp_path)
    assert done.returncode == 0
    rows = [line.split()[:2] for line in done.stdout.splitlines() if " yes " in line]
    assert rows == [["=>", "smollm2-135m"], ["no", "huge"]]
    assert "foreign.gguf has the architecture" in done.stderr

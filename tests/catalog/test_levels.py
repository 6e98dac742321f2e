"""What a file becomes at a level, against llama.cpp's own quantizer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest

from edge.catalog.gguf import read
from edge.catalog.levels import (
    LEVELS,
    LOSS,
    at_level,
    file_type,
    is_known,
    loss_allowed,
    tensor_bytes,
    tensor_types,
)
from edge.catalog.quality import DIVERGENCE
from edge.engines.quantize import quantize
from tests.catalog.tiny_gguf import make_tiny_gguf


def moe(path: Path, experts: int, layers: int = 8) -> Path:
    """The tensors of a mixture of experts; only its header and shapes matter."""
    writer = gguf.GGUFWriter(path, "qwen3moe")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(512)
    writer.add_embedding_length(256)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(256)
    writer.add_expert_feed_forward_length(256)
    writer.add_expert_count(experts)
    writer.add_expert_used_count(2)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    for name, shape in moe_tensors(experts, layers):
        writer.add_tensor(name, np.full(shape, 0.1, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def moe_tensors(experts: int, layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "token_embd.weight", (64, 256)
    yield "output.weight", (64, 256)
    yield "output_norm.weight", (256,)
    for layer in range(layers):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", (256,)
        yield f"{block}.attn_q.weight", (256, 256)
        yield f"{block}.attn_k.weight", (128, 256)
        yield f"{block}.attn_v.weight", (128, 256)
        yield f"{block}.attn_output.weight", (256, 256)
        yield f"{block}.ffn_gate_inp.weight", (experts, 256)
        for part in ("gate", "up", "down"):
            yield f"{block}.ffn_{part}_exps.weight", (experts, 256, 256)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    wide = {"n_embd": 256, "n_ff": 256, "n_heads": 8}
    return {
        "grouped": make_tiny_gguf(folder / "g.gguf", n_layers=17, n_kv_heads=2, **wide),
        "alone": make_tiny_gguf(folder / "a.gguf", n_layers=8, n_kv_heads=8, **wide),
        "tied": make_tiny_gguf(folder / "t.gguf", architecture="qwen2", n_layers=8, **wide),
        "narrow": make_tiny_gguf(folder / "n.gguf", n_layers=3, n_embd=96, n_ff=40),
        "eight experts": moe(folder / "8.gguf", 8),
        "sixteen experts": moe(folder / "16.gguf", 16),
    }


KINDS = ["grouped", "alone", "tied", "narrow", "eight experts", "sixteen experts"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", LEVELS)
def test_the_quantizer_does_the_same(
    sources: dict[str, Path], tmp_path: Path, kind: str, level: str
):
    facts = read(sources[kind])
    quantize(sources[kind], tmp_path / "made.gguf", file_type(level), 2, lambda _at, _of: None)
    made = read(tmp_path / "made.gguf")
    assert tensor_types(facts, level) == {tensor.name: tensor.type for tensor in made.tensors}
    expected = at_level(facts, level)
    assert expected.quantization == made.quantization == level
    assert expected.tensor_bytes == made.tensor_bytes
    assert abs(expected.file_bytes - made.file_bytes) < 1024
    assert expected.parameters == facts.parameters


def test_coarser_levels_are_smaller(sources: dict[str, Path]):
    facts = read(sources["grouped"])
    size = {level: at_level(facts, level).tensor_bytes for level in LEVELS}
    mixed = [level for level in LEVELS if level.startswith("Q") and level != "Q4_0"]
    assert [size[level] for level in mixed] == sorted(size[level] for level in mixed)
    assert size["IQ4_XS"] < size["Q4_0"] < size["Q4_K_M"]
    assert list(LOSS) == list(LEVELS)
    assert set(LEVELS) <= set(DIVERGENCE)
    assert all(loss_allowed(level) > LOSS[level] for level in LEVELS)


def test_architectures_with_rules_of_their_own_are_told(sources: dict[str, Path]):
    facts = read(sources["grouped"])
    assert is_known(facts)
    assert not is_known(replace(facts, architecture="falcon"))


def test_bytes_of_blocks():
    assert tensor_bytes((256, 3), "Q4_K") == 3 * 144
    assert tensor_bytes((96, 2), "Q8_0") == 6 * 34

"""The facts of a model's file from the numbers of its architecture, before there is a file; pure.

A shape says what a model's configuration says: layers, widths, heads, experts. From it come the
tensors that llama.cpp's converter would write (names and sizes of src/llama-model.cpp, of the
revision in ggml.py), so that levels.py, memory.py and the planner treat what could be fetched
as what is there. Small things are left out: biases, scales, the tensors that only guess ahead.
Knows no names and no sources of models; called by families.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from edge.catalog.facts import CountedArray, GgufFacts, Tensor, Value
from edge.catalog.levels import LEVELS, at_level, tensor_bytes
from edge.units import Bytes

HEADER_BYTES_PER_TOKEN = 48
"""A vocabulary in a header: tokens, their scores and types, merges (5.9 MB for Qwen2.5's 151,936
tokens, 11 MB for Qwen3.5's 248,320)."""

EXPERTS_IN_MXFP4 = "MXFP4"
"""The level of models that were trained with experts in MXFP4: the rest is Q8_0."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One model's numbers, as its configuration has them.

    ``kv_heads`` 0 is not meant: models without attention have no shape here. ``head`` is the
    length of a key and of a value. Of ``experts`` a token uses ``experts_used``, each
    ``expert_width`` wide, beside ``shared_width`` for all tokens; the first ``dense_layers`` have
    none. ``attention_every``: every n-th layer is attention, the others are linear with a state
    of ``state_heads`` x ``state_size`` x ``state_size`` and ``state_groups`` heads of keys.
    """

    architecture: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    feed_forward: int
    vocabulary: int
    context: int
    tied: bool = False
    experts: int = 0
    experts_used: int = 0
    expert_width: int = 0
    shared_width: int = 0
    dense_layers: int = 0
    window: int = 0
    attention_every: int = 0
    state_heads: int = 0
    state_groups: int = 0
    state_size: int = 128
    convolved: int = 4


def facts_of(shape: Shape, level: str, *, tools: bool) -> GgufFacts:
    """The file at a level of LEVELS, at EXPERTS_IN_MXFP4, or at F16.

    ``tools``: whether its template knows them. Raises KeyError for another level.
    """
    whole = _at_f16(shape, tools=tools)
    if level == "F16":
        return whole
    if level == EXPERTS_IN_MXFP4:
        return _experts_in_mxfp4(whole)
    if level not in LEVELS:
        raise KeyError(level)
    return at_level(whole, level)


def resized(facts: GgufFacts, file_bytes: Bytes) -> GgufFacts:
    """The same with tensors of such sizes that the file has ``file_bytes``."""
    goal = file_bytes - facts.data_offset
    return _scaled(facts, list(facts.tensors), goal / max(1, facts.tensor_bytes), file_bytes)


def mixed(facts: GgufFacts, file_bytes: Bytes) -> GgufFacts:
    """The same as a mixture of levels that is no level of llama.cpp's own: what all tokens touch
    at Q8_0, and experts that fill the file (so are Unsloth's of Qwen3.6 and Qwen3-Coder-Next);
    without experts all alike."""
    if not any("_exps" in one.name for one in facts.tensors):
        return resized(facts, file_bytes)
    tensors = [_at_q8_0(one) for one in facts.tensors]
    experts = sum(one.nbytes for one in tensors if "_exps" in one.name)
    shared = sum(one.nbytes for one in tensors) - experts
    share = max(0, file_bytes - facts.data_offset - shared) / experts
    return _scaled(facts, tensors, share, file_bytes, only="_exps")


def _at_q8_0(one: Tensor) -> Tensor:
    if "_exps" in one.name or one.type in ("F32", "F16"):
        return one
    return replace(one, type="Q8_0", nbytes=Bytes(tensor_bytes(one.shape, "Q8_0")))


def _scaled(
    facts: GgufFacts, tensors: list[Tensor], share: float, file_bytes: Bytes, *, only: str = ""
) -> GgufFacts:
    sizes = (int(one.nbytes * share) if only in one.name else one.nbytes for one in tensors)
    return replace(facts, tensors=_laid_out(tensors, sizes), file_bytes=file_bytes)


@lru_cache(maxsize=1)  # all levels of a model are asked for one after the other
def _at_f16(shape: Shape, *, tools: bool) -> GgufFacts:
    header = Bytes(shape.vocabulary * HEADER_BYTES_PER_TOKEN)
    every = list(_tensors(shape))
    tensors = _laid_out(every, (one.nbytes for one in every))
    return GgufFacts(
        version=3,
        alignment=32,
        architecture=shape.architecture,
        name=None,
        metadata=_metadata(shape, tools=tools),
        tensors=tensors,
        data_offset=header,
        file_bytes=Bytes(header + sum(one.nbytes for one in tensors)),
        vocab_size=shape.vocabulary,
        special_tokens={},
    )


def _laid_out(tensors: Iterable[Tensor], sizes: Iterable[int]) -> tuple[Tensor, ...]:
    """The tensors with these sizes, one behind the other."""
    made, offset = [], 0
    for one, size in zip(tensors, sizes, strict=True):
        made.append(Tensor(one.name, one.shape, one.type, Bytes(size), offset))
        offset += size
    return tuple(made)


def _experts_in_mxfp4(facts: GgufFacts) -> GgufFacts:
    made = []
    for one in facts.tensors:
        kind = "MXFP4" if "_exps" in one.name else "Q8_0" if one.type == "F16" else one.type
        made.append(replace(one, type=kind, nbytes=Bytes(tensor_bytes(one.shape, kind))))
    tensors = _laid_out(made, (one.nbytes for one in made))
    size = Bytes(facts.data_offset + sum(one.nbytes for one in tensors))
    metadata = dict(facts.metadata) | {"general.file_type": 38}
    return replace(facts, tensors=tensors, metadata=metadata, file_bytes=size)


def _metadata(shape: Shape, *, tools: bool) -> dict[str, Value]:
    own: dict[str, int] = {
        "block_count": shape.layers,
        "context_length": shape.context,
        "embedding_length": shape.width,
        "feed_forward_length": shape.feed_forward or shape.expert_width,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head,
        "attention.value_length": shape.head,
        "attention.sliding_window": shape.window,
        "expert_count": shape.experts,
        "expert_used_count": shape.experts_used,
        "full_attention_interval": shape.attention_every,
        "ssm.inner_size": shape.state_heads * shape.state_size,
        "ssm.state_size": shape.state_size if shape.state_heads else 0,
        "ssm.group_count": shape.state_groups,
        "ssm.conv_kernel": shape.convolved if shape.state_heads else 0,
    }
    metadata: dict[str, Value] = {
        "general.architecture": shape.architecture,
        "general.file_type": 1,
        "tokenizer.ggml.tokens": CountedArray(shape.vocabulary, "string", 0),
        "tokenizer.ggml.merges": CountedArray(shape.vocabulary, "string", 0),
        "tokenizer.chat_template": "{{ tools }}" if tools else "{{ messages }}",
    }
    return metadata | {f"{shape.architecture}.{key}": n for key, n in own.items() if n}


def _tensors(shape: Shape) -> Iterator[Tensor]:
    yield _matrix("token_embd.weight", shape.width, shape.vocabulary)
    if not shape.tied:
        yield _matrix("output.weight", shape.width, shape.vocabulary)
    yield _plain("output_norm.weight", shape.width)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield _plain(f"{block}attn_norm.weight", shape.width)
        yield _plain(f"{block}ffn_norm.weight", shape.width)
        linear = shape.attention_every and (layer + 1) % shape.attention_every
        yield from _linear(shape, block) if linear else _attention(shape, block)
        routed = shape.experts and layer >= shape.dense_layers
        yield from _experts(shape, block) if routed else _dense(shape, block)


def _attention(shape: Shape, block: str) -> Iterator[Tensor]:
    # Hybrids have a gate as wide as the queries in the same matrix.
    queries = shape.heads * shape.head * (2 if shape.attention_every else 1)
    yield _matrix(f"{block}attn_q.weight", shape.width, queries)
    yield _matrix(f"{block}attn_k.weight", shape.width, shape.kv_heads * shape.head)
    yield _matrix(f"{block}attn_v.weight", shape.width, shape.kv_heads * shape.head)
    yield _matrix(f"{block}attn_output.weight", shape.heads * shape.head, shape.width)


def _linear(shape: Shape, block: str) -> Iterator[Tensor]:
    inner = shape.state_heads * shape.state_size
    mixed = inner + 2 * shape.state_groups * shape.state_size
    yield _matrix(f"{block}attn_qkv.weight", shape.width, mixed)
    yield _matrix(f"{block}attn_gate.weight", shape.width, inner)
    yield _plain(f"{block}ssm_conv1d.weight", shape.convolved, mixed)
    yield _matrix(f"{block}ssm_ba.weight", shape.width, 2 * shape.state_heads)
    yield _matrix(f"{block}ssm_out.weight", inner, shape.width)


def _dense(shape: Shape, block: str) -> Iterator[Tensor]:
    yield _matrix(f"{block}ffn_gate.weight", shape.width, shape.feed_forward)
    yield _matrix(f"{block}ffn_up.weight", shape.width, shape.feed_forward)
    yield _matrix(f"{block}ffn_down.weight", shape.feed_forward, shape.width)


def _experts(shape: Shape, block: str) -> Iterator[Tensor]:
    wide, count = shape.expert_width, shape.experts
    yield _plain(f"{block}ffn_gate_inp.weight", shape.width, count)
    yield _matrix(f"{block}ffn_gate_exps.weight", shape.width, wide, count)
    yield _matrix(f"{block}ffn_up_exps.weight", shape.width, wide, count)
    yield _matrix(f"{block}ffn_down_exps.weight", wide, shape.width, count)
    if shape.shared_width:
        yield _matrix(f"{block}ffn_gate_shexp.weight", shape.width, shape.shared_width)
        yield _matrix(f"{block}ffn_up_shexp.weight", shape.width, shape.shared_width)
        yield _matrix(f"{block}ffn_down_shexp.weight", shape.shared_width, shape.width)


def _matrix(name: str, *lengths: int) -> Tensor:
    return Tensor(name, lengths, "F16", Bytes(tensor_bytes(lengths, "F16")), 0)


def _plain(name: str, *lengths: int) -> Tensor:
    return Tensor(name, lengths, "F32", Bytes(tensor_bytes(lengths, "F32")), 0)

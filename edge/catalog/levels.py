"""What a model file becomes at another quantization level, tensor by tensor; pure.

llama.cpp does not quantize all tensors alike: the output matrix, the values of attention and the
layers that hurt most get more bits than the level's name says. These are its rules for the levels
that need no importance matrix (src/llama-quant.cpp, llama_tensor_get_type, of the revision in
ggml.py), for the architectures it has no exceptions for; tests/catalog/test_levels.py compares
them with the quantizer itself. Called by the planner and by `codriver quantize`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edge.catalog.facts import GgufFacts, Tensor
from edge.catalog.ggml import FILE_TYPES, TENSOR_TYPES
from edge.units import Bytes

LEVELS: Mapping[str, str] = {
    "Q2_K": "Q2_K",
    "Q3_K_S": "Q3_K",
    "Q3_K_M": "Q3_K",
    "Q3_K_L": "Q3_K",
    "Q4_0": "Q4_0",
    "IQ4_XS": "IQ4_XS",
    "IQ4_NL": "IQ4_NL",
    "Q4_K_S": "Q4_K",
    "Q4_K_M": "Q4_K",
    "Q5_K_S": "Q5_K",
    "Q5_K_M": "Q5_K",
    "Q6_K": "Q6_K",
    "Q8_0": "Q8_0",
}
"""The levels that can be made on the box, coarsest first, with most tensors' type."""

MIXTURES: Mapping[str, str] = {
    "UD-Q2_K_XL": "Q2_K",
    "UD-Q3_K_XL": "Q3_K_L",
    "UD-Q4_K_XL": "Q4_K_M",
    "UD-Q6_K_XL": "Q6_K",
}
"""Mixtures of levels by the name of their file, and the level that llama.cpp knows each as."""

LOSS: Mapping[str, float] = {
    "Q2_K": 0.448,
    "Q3_K_S": 0.233,
    "Q3_K_M": 0.100,
    "Q3_K_L": 0.086,
    "Q4_0": 0.073,
    "IQ4_XS": 0.036,
    "IQ4_NL": 0.036,
    "Q4_K_S": 0.042,
    "Q4_K_M": 0.028,
    "Q5_K_S": 0.017,
    "Q5_K_M": 0.009,
    "Q6_K": 0.004,
    "Q8_0": 0.001,
}
"""Nats a token more than the full model's: logarithms of the ratios of perplexities of Llama-3-8B
in llama.cpp's tools/perplexity/README.md (IQ4_NL as IQ4_XS)."""

_FALLBACK = {
    "Q2_K": "Q4_0",
    "Q3_K": "Q4_0",
    "IQ4_XS": "IQ4_NL",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}
"""For rows that do not divide into blocks of 256."""

_KEPT = re.compile(
    r"_norm\.weight|ffn_gate_inp\.weight|ssm_conv1d|shortconv\.conv\.weight"
    r"|altup|laurel|per_layer_model_proj"
)
"""Small or delicate: these stay as they are."""

_UNKNOWN = frozenset(
    {"falcon", "glm5-next", "bailingmoe3", "rwkv6", "rwkv7", "rwkv6qwen2", "arwkv7"}
)
"""Architectures that llama.cpp treats in a way of their own, which is not told here."""

_EIGHT_EXPERTS = frozenset({"Q2_K", "Q3_K_S", "Q3_K_M", "IQ4_NL", "IQ4_XS", "Q4_K_S", "Q4_K_M"})
"""Levels at which a model of eight experts gets more bits for the output of attention."""

_BLOCKS = {kind.name: (kind.block, kind.size) for kind in TENSOR_TYPES.values()}
_FILE_TYPE = {name: number for number, name in FILE_TYPES.items()}
_LAYER = re.compile(r"^blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class _Model:
    """What the rules ask of a model."""

    layers: int
    values: int
    """Tensors of attention values."""
    grouping: int
    """Query heads for each head of keys."""
    experts: int
    tied: bool
    """Whether the embeddings are the output matrix too."""


def loss_allowed(level: str) -> float:
    """Nats a token that a sound file may lose: small models lose several times what large ones
    do, and a short sample has its chances."""
    return 4 * LOSS[level] + 0.05


def file_type(level: str) -> int:
    """llama.cpp's number for a level."""
    return _FILE_TYPE[level]


def is_known(facts: GgufFacts) -> bool:
    """Whether these rules hold for the file's architecture."""
    return facts.architecture not in _UNKNOWN


def at_level(facts: GgufFacts, level: str) -> GgufFacts:
    """The facts of the file as it would be at a level of LEVELS."""
    types = tensor_types(facts, level)
    tensors, offset = [], 0
    for tensor in facts.tensors:
        kind = types[tensor.name]
        size = tensor_bytes(tensor.shape, kind)
        tensors.append(Tensor(tensor.name, tensor.shape, kind, Bytes(size), offset))
        offset += -(-size // facts.alignment) * facts.alignment
    metadata = dict(facts.metadata) | {"general.file_type": _FILE_TYPE[level]}
    file_bytes = Bytes(facts.data_offset + offset)
    return replace(facts, tensors=tuple(tensors), metadata=metadata, file_bytes=file_bytes)


def tensor_bytes(shape: Sequence[int], kind: str) -> int:
    """Bytes of a tensor whose rows, ``shape[0]`` long, are whole blocks of that type."""
    block, size = _BLOCKS[kind]
    elements = 1
    for length in shape:
        elements *= length
    return elements // block * size


def tensor_types(facts: GgufFacts, level: str) -> dict[str, str]:
    """By tensor, its type at a level of LEVELS."""
    model = _Model(
        layers=facts.layers,
        values=sum(_is_values(tensor.name) for tensor in facts.tensors),
        grouping=facts.heads // max(1, max(facts.kv_heads, default=1)),
        experts=facts.integer("expert_count") or 0,
        tied=not any(tensor.name == "output.weight" for tensor in facts.tensors),
    )
    types, seen = {}, {"values": 0, "down": 0}
    for tensor in sorted(facts.tensors, key=_order):
        types[tensor.name] = _type(tensor, level, model, seen)
    return types


def _order(tensor: Tensor) -> tuple[int, str]:
    """llama.cpp's own order: what belongs to no layer first, then by layer and name."""
    layer = _LAYER.match(tensor.name)
    return (int(layer[1]) if layer else -1, tensor.name)


def _type(tensor: Tensor, level: str, model: _Model, seen: dict[str, int]) -> str:
    if not _is_quantized(tensor):
        return tensor.type
    kind = _wished(tensor, level, model, seen)
    if tensor.shape[0] % _BLOCKS[kind][0]:
        kind = _FALLBACK.get(kind, kind)
    return "F16" if tensor.shape[0] % _BLOCKS[kind][0] else kind


def _is_quantized(tensor: Tensor) -> bool:
    matrix = max(tensor.shape[1:], default=1) > 1
    return matrix and tensor.name.endswith("weight") and not _KEPT.search(tensor.name)


def _wished(tensor: Tensor, level: str, model: _Model, seen: dict[str, int]) -> str:
    """The type by the tensor's role; each role's n-th tensor counts where layers differ."""
    name, base = tensor.name, LEVELS[level]
    if name == "output.weight" or (model.tied and _is_embedding(name)):
        whole = tensor.shape[0] % _BLOCKS[base][0] == 0
        return "Q6_K" if whole and base != "Q8_0" else "Q8_0"
    if _is_embedding(name):
        return base
    if _is_values(name):
        index = seen["values"]
        seen["values"] += 1
        return "Q8_0" if model.experts == 8 else _of_values(level, index, model) or base
    if "attn_k.weight" in name:
        return "Q8_0" if model.experts == 8 else base
    if "ffn_down" in name:
        layer = _LAYER.match(name)
        index = int(layer[1]) if model.experts > 1 and layer else seen["down"]
        seen["down"] += 1
        return _of_down(level, index, model.layers) or base
    if "attn_output.weight" in name:
        return _of_output(level, model) or base
    return base


def _of_values(level: str, index: int, model: _Model) -> str | None:
    grouped = model.grouping >= 4
    match level:
        case "Q2_K":
            return "Q4_K" if grouped else "Q3_K"
        case "Q3_K_M":
            return "Q5_K" if index < 2 else "Q4_K"
        case "Q3_K_L":
            return "Q5_K"
        case "IQ4_NL" | "IQ4_XS":
            return "Q5_K" if grouped else None
        case "Q4_K_S":
            return "Q5_K" if index < 4 else None
        case "Q4_K_M" | "Q5_K_M":
            return "Q6_K" if _needs_more(index, model.values) else None
    return None


def _of_down(level: str, index: int, layers: int) -> str | None:
    match level:
        case "Q2_K":
            return "Q3_K"
        case "Q3_K_M":
            return "Q5_K" if index < layers // 16 else "Q4_K"
        case "Q3_K_L":
            return "Q5_K"
        case "IQ4_NL" | "IQ4_XS" | "Q4_K_S":
            return "Q5_K" if index < layers // 8 else None
        case "Q4_K_M" | "Q5_K_M":
            return "Q6_K" if _needs_more(index, layers) else None
    return None


def _of_output(level: str, model: _Model) -> str | None:
    if model.experts == 8:
        return "Q5_K" if level in _EIGHT_EXPERTS else None
    return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(level)


def _needs_more(index: int, count: int) -> bool:
    """The first and last eighth of the layers, and every third between."""
    first = count // 8
    return index < first or index >= 7 * count // 8 or (index - first) % 3 == 2


def _is_values(name: str) -> bool:
    return "attn_v.weight" in name or "attn_qkv.weight" in name or "attn_kv_b.weight" in name


def _is_embedding(name: str) -> bool:
    return name in ("token_embd.weight", "per_layer_token_embd.weight")

"""What a GGUF file says about its model, as frozen facts.

Pure data with a few derived figures; knows neither files nor memory. Made by gguf, read
by the planner, the store and whoever needs a model's template, tokens or shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from edge.catalog.ggml import FILE_TYPES
from edge.units import Bytes, Tokens

MAX_LAYERS = 10_000

Scalar: TypeAlias = "bool | int | float | str"


@dataclass(frozen=True, slots=True)
class CountedArray:
    """An array too long to be worth reading; ``offset`` is where its first element lies, and
    ``end`` where its last one ends."""

    count: int
    type: str
    offset: int
    end: int = 0


Value: TypeAlias = "Scalar | tuple[Scalar, ...] | CountedArray"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of the tensor table; ``offset`` counts from the start of the tensor data."""

    name: str
    shape: tuple[int, ...]
    type: str
    nbytes: Bytes
    offset: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class SpecialToken:
    """A token with a role; its text is None where the vocabulary does not hold the id."""

    id: int
    text: str | None


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the header says. None and empty mean that the file does not say it."""

    version: int
    alignment: int
    architecture: str
    name: str | None
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    data_offset: int
    file_bytes: Bytes
    vocab_size: int | None
    special_tokens: Mapping[str, SpecialToken]
    """By role: bos, eos, eot, unknown, padding and so on."""
    vocabulary: str | None = None
    """A name for the list of tokens: files whose lists are the same but for padding share it."""

    def integer(self, key: str) -> int | None:
        """A number kept under the architecture's own prefix ("block_count")."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def per_layer(self, key: str) -> tuple[int, ...] | None:
        """A number that may differ by layer, one for each layer."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple):
            return tuple(int(item) for item in value if not isinstance(item, str))
        single = self.integer(key)
        return None if single is None else (single,) * self.layers

    @property
    def tensor_bytes(self) -> Bytes:
        return Bytes(sum(tensor.nbytes for tensor in self.tensors))

    @property
    def parameters(self) -> int:
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def expected_bytes(self) -> Bytes:
        """How long the file has to be for its last tensor to be whole."""
        if not self.tensors:
            return Bytes(0)
        return Bytes(self.data_offset + max(one.offset + one.nbytes for one in self.tensors))

    @property
    def quantization(self) -> str:
        """The name people know: Q4_K_M; else the type of most weights."""
        file_type = self.metadata.get("general.file_type")
        if isinstance(file_type, int) and file_type in FILE_TYPES:
            return FILE_TYPES[file_type]
        sizes: dict[str, int] = {}
        for tensor in self.tensors:
            sizes[tensor.type] = sizes.get(tensor.type, 0) + tensor.nbytes
        return max(sizes, key=lambda kind: sizes[kind], default="unknown")

    @property
    def context_length(self) -> Tokens | None:
        """How many tokens it was trained to see."""
        length = self.integer("context_length")
        return None if length is None else Tokens(length)

    @property
    def layers(self) -> int:
        return min(self.integer("block_count") or 0, MAX_LAYERS)

    @property
    def embedding_length(self) -> int | None:
        return self.integer("embedding_length")

    @property
    def kv_heads(self) -> tuple[int, ...]:
        """Key/value heads of each layer; 0 for a layer without attention."""
        found = self.per_layer("attention.head_count_kv") or self.per_layer("attention.head_count")
        return found or ()

    @property
    def key_length(self) -> int | None:
        return self.integer("attention.key_length") or self._head_size()

    @property
    def value_length(self) -> int | None:
        return self.integer("attention.value_length") or self._head_size()

    @property
    def heads(self) -> int:
        """Query heads of the layer that has most; 0 where there is no attention."""
        return max(self.per_layer("attention.head_count") or (0,))

    def _head_size(self) -> int | None:
        width = self.embedding_length
        return width // self.heads if width is not None and self.heads > 0 else None

    @property
    def chat_template(self) -> str | None:
        value = self.metadata.get("tokenizer.chat_template")
        return value if isinstance(value, str) else None

    @property
    def has_tool_template(self) -> bool:
        """Whether a template of the file says how tools are written."""
        if "tokenizer.chat_template.tool_use" in self.metadata:
            return True
        return "tools" in (self.chat_template or "")

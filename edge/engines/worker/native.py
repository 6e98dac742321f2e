"""llama.cpp behind typed methods: a model with its vocabulary.

With context.py the only module that calls the C functions of llama-cpp-python. Knows
nothing of chats, tools or sockets.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import llama_cpp

from edge.errors import EngineError, ModelUnusable

TURN_OPENERS = ("<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "<|user|>", "[INST]")
"""Control tokens that open a turn: a model that writes one has finished its own."""

_NEVER_CONTENT = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
"""What llama.cpp reads only where it is told to read special tokens."""

_CONTROL_LIKE = re.compile(r"<[|\uff5c][^\s|\uff5c]+[|\uff5c]>")

_PIECE_BYTES = 1024
_GGML_LOG_LEVEL_WARN = 3
_last_words: deque[str] = deque(maxlen=20)


def _keep_words(level: int, text: bytes, _data: Any) -> None:
    if level >= _GGML_LOG_LEVEL_WARN:
        _last_words.append(text.decode("utf-8", "replace").strip())


_log_callback = llama_cpp.llama_log_callback(_keep_words)


def last_words() -> str:
    """What llama.cpp complained about last, one line."""
    return "; ".join(words for words in list(_last_words)[-3:] if words)


class Vocabulary:
    """Tokens of a model. Reading it is safe from any thread."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.size: int = llama_cpp.llama_vocab_n_tokens(handle)
        self.adds_bos: bool = llama_cpp.llama_vocab_get_add_bos(handle)
        openers = frozenset(self.controls[text] for text in TURN_OPENERS if text in self.controls)
        self.ends = openers | {
            t for t in range(self.size) if llama_cpp.llama_vocab_is_eog(handle, t)
        }
        """Tokens that end generation: the file's own, and the openers of somebody else's turn."""

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        """``special``: whether the text of control tokens becomes those tokens."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self.handle, data, len(data), tokens, room, False, special)
        if count < 0:
            raise EngineError(f"llama.cpp could not tokenize {len(data)} bytes of text")
        return list(tokens[:count])

    def tokenize_literal(self, text: str) -> list[int]:
        """``text`` as what it says; no part of it becomes a token of ``controls``."""
        forbidden = frozenset(self.controls.values())
        tokens = self.tokenize(text, special=False)
        if forbidden.isdisjoint(tokens):
            return tokens
        return [
            letter
            for token in tokens
            for letter in (self._spelled(token) if token in forbidden else (token,))
        ]

    def _spelled(self, token: int) -> Iterator[int]:
        """The token's text by tokens of single bytes; a byte without one is left out."""
        return (self._bytes[byte] for byte in self.piece(token) if byte in self._bytes)

    @cached_property
    def _bytes(self) -> Mapping[int, int]:
        """Tokens of one byte each, letters before the stand-ins for raw bytes."""
        found: dict[int, int] = {}
        for token in range(self.size):
            piece = self.piece(token)
            if len(piece) == 1 and not self._attributes(token) & _NEVER_CONTENT:
                raw = self._attributes(token) & llama_cpp.LLAMA_TOKEN_ATTR_BYTE
                if not raw or piece[0] not in found:
                    found[piece[0]] = token
        return found

    @cached_property
    def controls(self) -> Mapping[str, int]:
        """The tokens that only a template and the model itself may write, by their texts.

        Some files, and llama.cpp for the harmony format, call such tokens ordinary added ones:
        those that look like control tokens count all the same.
        """
        return {
            self.written(token): token for token in range(self.size) if self._is_structure(token)
        }

    def _is_structure(self, token: int) -> bool:
        attributes = self._attributes(token)
        if attributes & llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED:
            text = self.written(token)
            return text in TURN_OPENERS or _CONTROL_LIKE.fullmatch(text) is not None
        return bool(attributes & _NEVER_CONTENT)

    def written(self, token: int) -> str:
        """The token as the file writes it; texts of control tokens are as they are in text."""
        raw: bytes | None = llama_cpp.llama_vocab_get_text(self.handle, token)
        return (raw or b"").decode("utf-8", "replace")

    def strips_before(self, token: int) -> bool:
        """Whether white space before the token is lost."""
        return bool(self._attributes(token) & llama_cpp.LLAMA_TOKEN_ATTR_LSTRIP)

    def strips_after(self, token: int) -> bool:
        """Whether white space after the token is lost."""
        return bool(self._attributes(token) & llama_cpp.LLAMA_TOKEN_ATTR_RSTRIP)

    def _attributes(self, token: int) -> int:
        return int(llama_cpp.llama_vocab_get_attr(self.handle, token))

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, control tokens written out."""
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        count = llama_cpp.llama_token_to_piece(self.handle, token, buffer, _PIECE_BYTES, 0, True)
        return buffer.raw[:count] if count > 0 else b""

    def ends_generation(self, token: int) -> bool:
        return token in self.ends

    @property
    def bos(self) -> int:
        return int(llama_cpp.llama_vocab_bos(self.handle))

    @property
    def eos(self) -> int:
        return int(llama_cpp.llama_vocab_eos(self.handle))

    def text(self, token: int) -> str:
        return self.piece(token).decode("utf-8", "replace") if token >= 0 else ""

    def texts(self) -> Iterator[str]:
        """Every token as text; a quarter of a second for a large vocabulary."""
        return (self.text(token) for token in range(self.size))


class Model:
    """A loaded GGUF file. Raises ModelUnusable with llama.cpp's own words."""

    def __init__(self, path: Path, *, n_gpu_layers: int) -> None:
        llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        if n_gpu_layers == 0:
            # Weights that are repacked for the CPU would else be in memory twice, as their file's
            # pages, too; and what is read once is not thrown out by every large copy on the disk.
            params.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        self.handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelUnusable(
                f"llama.cpp cannot load {path}: {last_words() or 'no reason given'}"
            )
        self.vocabulary = Vocabulary(llama_cpp.llama_model_get_vocab(self.handle))
        self.n_gpu_layers = n_gpu_layers

    def close(self) -> None:
        """Give its memory back; nothing of it may be used after."""
        llama_cpp.llama_model_free(self.handle)

    def metadata(self) -> dict[str, str]:
        """Every scalar of the GGUF's key-value table, as text."""
        count = llama_cpp.llama_model_meta_count(self.handle)
        return dict(self._metadata_at(index) for index in range(count))

    def _metadata_at(self, index: int) -> tuple[str, str]:
        key = self._read(llama_cpp.llama_model_meta_key_by_index, index)
        return key, self._read(llama_cpp.llama_model_meta_val_str_by_index, index)

    def _read(self, function: Any, index: int) -> str:
        size = 4096
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = function(self.handle, index, buffer, size)
            if length < size:
                return buffer.value.decode("utf-8", "replace")
            size = length + 1

    def chat_template(self) -> str | None:
        raw = llama_cpp.llama_model_chat_template(self.handle, None)
        return raw.decode("utf-8", "replace") if raw else None

    def description(self) -> str:
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self.handle, buffer, 256)
        return buffer.value.decode("utf-8", "replace")

    @property
    def attention(self) -> float:
        """A row's arithmetic with one cell of the KV memory in parts of that with the weights,
        from the model's shape: four operations for each layer and number of a row, two for each
        parameter."""
        layers = llama_cpp.llama_model_n_layer(self.handle)
        width = llama_cpp.llama_model_n_embd(self.handle)
        return float(2 * layers * width / max(1, llama_cpp.llama_model_n_params(self.handle)))

    def can_truncate(self) -> bool:
        """Whether a sequence's state may be cut anywhere (not recurrent, no sliding window)."""
        return not (
            llama_cpp.llama_model_is_recurrent(self.handle)
            or llama_cpp.llama_model_is_hybrid(self.handle)
            or llama_cpp.llama_model_n_swa(self.handle) > 0
        )

"""Reads the header of a GGUF file: what the model is, without loading it.

``parse`` is pure: a view of the bytes in, facts out, or one sentence why not. ``read``
is the thin part that opens the file. Nothing here trusts a number in the file: no count
or length makes it allocate or walk more than the file can hold, and big arrays (the
vocabulary) are counted, not built. Knows nothing of catalogues, memory or llama.cpp's
library; called by the store and by whoever needs a model's facts (templates, engine).
"""

from __future__ import annotations

import hashlib
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

from edge.catalog import splits
from edge.catalog.facts import CountedArray, GgufFacts, SpecialToken, Tensor, Value
from edge.catalog.ggml import ARCHITECTURES, LLAMA_CPP, NOT_CHAT, TENSOR_TYPES
from edge.errors import ModelUnusable
from edge.units import Bytes

__all__ = ["CountedArray", "GgufFacts", "SpecialToken", "Tensor", "parse", "read"]

MAGIC = b"GGUF"
VERSIONS = (2, 3)
LISTED = 4096
"""Arrays up to this length are read into a tuple; longer ones are only counted."""

# Larger than anything real (vocabularies reach 300k, merges 500k, tensors 3k), and small
# enough that a header that lies is refused in milliseconds.
MAX_ENTRIES = 100_000
MAX_STRINGS = 2_000_000
MAX_TEXT = 16 * 2**20
MAX_DIMENSIONS = 4
MAX_HEADER = 256 * 2**20

FIRST_READ = 8 * 2**20
"""Holds the header of nearly every model; a longer one is read again, further.

Plain reads, not a mapping: a failing disk then gives an error instead of a signal.
"""

View: TypeAlias = "bytes | memoryview"


class _HeaderCut(Exception):
    """The bytes at hand end inside the header, but the file goes on."""


def read(path: Path, *, first_read: int = FIRST_READ) -> GgufFacts:
    """The facts of a model file that llama.cpp could serve; of one in parts, which all have to
    be there, the first is named. Raises ModelUnusable."""
    facts = read_file(path, first_read=first_read)
    refuse_unservable(facts, str(path))
    if _parts(facts) == 1:
        return facts
    names = splits.parts(path.name)
    if len(names) != _parts(facts) or splits.is_further(path.name):
        raise ModelUnusable(
            f"{path} is one of {_parts(facts)} parts of a model; keep their names"
            " (...-00001-of-0000N.gguf) and name the first"
        )
    rest = [read_file(path.with_name(name), first_read=first_read) for name in names[1:]]
    return replace(
        facts,
        tensors=tuple(tensor for part in (facts, *rest) for tensor in part.tensors),
        file_bytes=Bytes(sum(part.file_bytes for part in (facts, *rest))),
    )


def read_file(path: Path, *, first_read: int = FIRST_READ) -> GgufFacts:
    """What one file's header says, whatever llama.cpp could do with it. Raises ModelUnusable."""
    try:
        with path.open("rb") as file:
            return _read_growing(file, str(path), first_read)
    except FileNotFoundError:
        raise ModelUnusable(f"{path}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise ModelUnusable(f"{path} is a directory; name the .gguf file inside it") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelUnusable(f"{path} cannot be read: {reason}") from None


def refuse_early(head: bytes, where: str, file_bytes: Bytes) -> None:
    """Judge a file by its first bytes, before all of it is fetched: what is no GGUF at all, is
    cut, or is a model that llama.cpp does not know. Raises ModelUnusable."""
    try:
        facts = parse(head, where, file_bytes)
    except _HeaderCut:
        return
    refuse_unservable(facts, where)


def _read_growing(file: BinaryIO, where: str, wanted: int) -> GgufFacts:
    size = Bytes(os.fstat(file.fileno()).st_size)
    while True:
        file.seek(0)
        head = file.read(wanted)
        try:
            return parse(head, where, file_bytes=size)
        except _HeaderCut:
            if wanted > MAX_HEADER or len(head) < wanted:
                raise ModelUnusable(f"{where} is damaged: its header has no end") from None
            wanted *= 4


def parse(view: View, where: str, file_bytes: Bytes | None = None) -> GgufFacts:
    """The facts in a file's first bytes, which have to hold the whole header.

    ``where`` names the file in errors, ``file_bytes`` is its length where ``view`` is not
    all of it. Raises ModelUnusable.
    """
    size = Bytes(len(view)) if file_bytes is None else file_bytes
    check_start(view, where)
    cursor = _Cursor(view, where, size)
    cursor.skip(len(MAGIC))
    version = cursor.number("<I")
    tensor_count = cursor.count("tensors")
    pair_count = cursor.count("metadata entries")
    metadata = dict(cursor.pair() for _ in range(pair_count))
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0 or alignment % 8:
        raise cursor.damaged(f"its alignment is {alignment!r}")
    tensors = tuple(cursor.tensor() for _ in range(tensor_count))
    facts = GgufFacts(
        version=version,
        alignment=alignment,
        architecture=_text(metadata, "general.architecture") or "",
        name=_text(metadata, "general.name"),
        metadata=metadata,
        tensors=tensors,
        data_offset=-(-cursor.position // alignment) * alignment,
        file_bytes=size,
        vocab_size=_vocab_size(metadata),
        special_tokens=_special_tokens(view, metadata, where),
        vocabulary=_vocabulary(view, metadata),
    )
    _check_length(facts, where)
    return facts


def refuse_unservable(facts: GgufFacts, where: str) -> None:
    """Raise ModelUnusable unless llama.cpp can load it as a chat model."""
    if not facts.architecture:
        raise ModelUnusable(f"{where} does not name its architecture; it is no language model")
    if facts.architecture not in ARCHITECTURES:
        raise ModelUnusable(
            f"{where} has the architecture '{facts.architecture}', which {LLAMA_CPP} does not"
            " know; take another model or a newer codriver"
        )
    if facts.architecture in NOT_CHAT:
        raise ModelUnusable(
            f"{where} ({facts.architecture}) is not a chat model but a part or an embedder"
        )
    if not facts.tensors and _parts(facts) == 1:
        raise ModelUnusable(f"{where} holds a vocabulary but no weights")


def _parts(facts: GgufFacts) -> int:
    count = facts.metadata.get("split.count")
    return count if isinstance(count, int) and count > 1 else 1


# --- checks -------------------------------------------------------------------------


def check_start(view: View, where: str) -> None:
    """Raise ModelUnusable, with what it is instead, unless a GGUF file begins like that."""
    start = bytes(view[:64])
    if not start:
        raise ModelUnusable(f"{where} is empty (0 bytes); download it again")
    if start[:4] != MAGIC:
        raise ModelUnusable(f"{where} is not a GGUF file: {_looks_like(start)}")
    if len(view) < 24:
        raise ModelUnusable(f"{where} is truncated: {len(view)} bytes; download it again")
    version = int.from_bytes(start[4:8], "little")
    if version in VERSIONS:
        return
    if int.from_bytes(start[4:8], "big") in (1, *VERSIONS):
        raise ModelUnusable(f"{where} is a big-endian GGUF file; take the little-endian one")
    what = "too old" if version < VERSIONS[0] else f"newer than {LLAMA_CPP} reads"
    raise ModelUnusable(f"{where} is GGUF version {version}, {what}; take a current file")


def _looks_like(start: bytes) -> str:
    """What the first bytes say it is instead, and what to do."""
    lowered = start.lstrip().lower()
    if start.startswith(b"version https://git-lfs"):
        return "it is a git-lfs pointer, not the file it points to; fetch it with git lfs pull"
    if lowered.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "it is a web page, so the download went wrong; download it again"
    if lowered.startswith(b"{"):
        return "it is JSON text, perhaps a server's error; download it again"
    if start[:4] in (b"ggml", b"lmgg", b"fmgg", b"tjgg", b"ggjt"):
        return "it is in the old GGML format; take a GGUF of the same model"
    if start[8:10] == b'{"':
        return "it looks like safetensors weights; take the GGUF of the same model"
    if start.startswith(b"PK\x03\x04"):
        return "it is a zip archive (PyTorch weights or a wheel); take the GGUF"
    if start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ")):
        return "it is compressed; unpack it first"
    if not start.strip(b"\0"):
        return "it begins with zeros, so a download stopped half-way; download it again"
    return f"it begins with {start[:8]!r}; take a .gguf file"


def _check_length(facts: GgufFacts, where: str) -> None:
    expected, found = facts.expected_bytes, facts.file_bytes
    if expected >= 2**63:
        raise ModelUnusable(f"{where} is damaged: its tensor table adds up to no possible size")
    if found < expected:
        raise ModelUnusable(
            f"{where} is truncated: {found:,} bytes of {expected:,}; download it again"
        )


# --- reading ------------------------------------------------------------------------

_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: ("uint8", "<B"),
    1: ("int8", "<b"),
    2: ("uint16", "<H"),
    3: ("int16", "<h"),
    4: ("uint32", "<I"),
    5: ("int32", "<i"),
    6: ("float32", "<f"),
    7: ("bool", "<?"),
    10: ("uint64", "<Q"),
    11: ("int64", "<q"),
    12: ("float64", "<d"),
}


class _Cursor:
    """A place in the header; every step checks that the file goes on that far."""

    def __init__(self, view: View, where: str, end: int, position: int = 0) -> None:
        self._view = view
        self._where = where
        self._end = end
        self.position = position

    def damaged(self, why: str) -> ModelUnusable:
        return ModelUnusable(f"{self._where} is damaged: {why}; download it again")

    def skip(self, size: int) -> None:
        if size > self._end - self.position:
            raise ModelUnusable(
                f"{self._where} is truncated: its header goes on after the end of the file"
                f" ({self._end:,} bytes); download it again"
            )
        if size > len(self._view) - self.position:
            raise _HeaderCut
        self.position += size

    def number(self, code: str) -> int:
        return int(self._scalar(code))

    def _scalar(self, code: str) -> bool | int | float:
        start = self.position
        self.skip(struct.calcsize(code))
        value: bool | int | float = struct.unpack_from(code, self._view, start)[0]
        return value

    def count(self, what: str) -> int:
        number = self.number("<Q")
        if number > MAX_ENTRIES:
            raise self.damaged(f"it claims {number:,} {what}")
        return number

    def text(self) -> str:
        length = self.number("<Q")
        if length > MAX_TEXT:
            raise self.damaged(f"it claims a text of {length:,} bytes")
        start = self.position
        self.skip(length)
        return bytes(self._view[start : self.position]).decode("utf-8", "replace")

    def pair(self) -> tuple[str, Value]:
        key = self.text()
        return key, self._value(self.number("<I"), key)

    def _value(self, kind: int, key: str) -> Value:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array(key)
        if kind not in _SCALARS:
            raise self.damaged(f"'{key[:60]}' has the unknown type {kind}")
        return self._scalar(_SCALARS[kind][1])

    def _array(self, key: str) -> Value:
        kind, count = self.number("<I"), self.number("<Q")
        start = self.position
        if kind == _STRING:
            if count > LISTED:
                self.skip_texts(count)
                return CountedArray(count, "string", start, self.position)
            return tuple(self.text() for _ in range(count))
        if kind not in _SCALARS:
            raise self.damaged(f"'{key[:60]}' is an array of the unknown type {kind}")
        name, code = _SCALARS[kind]
        self.skip(count * struct.calcsize(code))
        if count > LISTED:
            return CountedArray(count, name, start, self.position)
        return struct.unpack_from(f"<{count}{code[1]}", self._view, start)

    def skip_texts(self, count: int) -> None:
        """Pass over ``count`` texts; the one loop that has to be fast."""
        if count > MAX_STRINGS or count * 8 > self._end - self.position:
            raise self.damaged(f"it claims an array of {count:,} texts")
        length_at = struct.Struct("<Q").unpack_from
        view, position = self._view, self.position
        try:
            for _ in range(count):
                position += 8 + length_at(view, position)[0]
        except (struct.error, OverflowError):  # past the bytes at hand, by a little or a lot
            position += 8
        self.skip(position - self.position)

    def tensor(self) -> Tensor:
        name = self.text()
        dimensions = self.number("<I")
        if dimensions > MAX_DIMENSIONS:
            raise self.damaged(f"tensor '{name[:60]}' has {dimensions:,} dimensions")
        shape = tuple(self.number("<Q") for _ in range(dimensions))
        kind, offset = self.number("<I"), self.number("<Q")
        if kind not in TENSOR_TYPES:
            raise ModelUnusable(
                f"{self._where} uses tensor type {kind}, which {LLAMA_CPP} does not know;"
                " take another quantization"
            )
        of = TENSOR_TYPES[kind]
        elements = math.prod(shape)
        if 0 in shape or shape[0] % of.block:
            raise self.damaged(f"tensor '{name[:60]}' of shape {shape} cannot be {of.name}")
        return Tensor(name, shape, of.name, Bytes(elements // of.block * of.size), offset)


def _text(metadata: Mapping[str, Value], key: str) -> str | None:
    value = metadata.get(key)
    return value if isinstance(value, str) else None


def _vocab_size(metadata: Mapping[str, Value]) -> int | None:
    match metadata.get("tokenizer.ggml.tokens"):
        case CountedArray(count=count):
            return count
        case tuple() as tokens:
            return len(tokens)
        case _:
            return None


def _vocabulary(view: View, metadata: Mapping[str, Value]) -> str | None:
    """A hash of the tokens, in the order and form in which they stand in the file.

    Lists are padded with "[PAD151665]" and so on up to the size that a model's matrices have,
    which differs among models of a family: such an end does not count.
    """
    tokens = metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, tuple):
        data, count = b"".join(_as_in_file(str(text)) for text in tokens), len(tokens)
    elif isinstance(tokens, CountedArray) and tokens.type == "string":
        data, count = bytes(view[tokens.offset : tokens.end]), tokens.count
    else:
        return None
    end = len(data)
    while data.endswith(pad := _as_in_file(f"[PAD{count - 1}]"), 0, end):
        end, count = end - len(pad), count - 1
    return hashlib.blake2b(memoryview(data)[:end], digest_size=16).hexdigest()


def _as_in_file(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _special_tokens(
    view: View, metadata: Mapping[str, Value], where: str
) -> dict[str, SpecialToken]:
    """The tokens that ``tokenizer.ggml.*_token_id`` names, with their texts."""
    prefix, suffix = "tokenizer.ggml.", "_token_id"
    ids = {
        key[len(prefix) : -len(suffix)]: value
        for key, value in metadata.items()
        if key.startswith(prefix) and key.endswith(suffix) and type(value) is int
    }
    texts = _token_texts(view, metadata.get("tokenizer.ggml.tokens"), set(ids.values()), where)
    return {role: SpecialToken(number, texts.get(number)) for role, number in ids.items()}


def _token_texts(view: View, tokens: Value | None, wanted: set[int], where: str) -> dict[int, str]:
    if isinstance(tokens, tuple):
        return {number: str(tokens[number]) for number in wanted if 0 <= number < len(tokens)}
    if not isinstance(tokens, CountedArray) or tokens.type != "string":
        return {}
    cursor = _Cursor(view, where, len(view), tokens.offset)
    found: dict[int, str] = {}
    next_id = 0
    for number in sorted(of for of in wanted if 0 <= of < tokens.count):
        cursor.skip_texts(number - next_id)
        found[number] = cursor.text()
        next_id = number + 1
    return found

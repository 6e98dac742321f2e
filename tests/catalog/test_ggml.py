"""The tables against the library they describe, wherever the two can be compared."""

from importlib.metadata import distribution
from pathlib import Path

import gguf
import pytest

from edge.catalog.ggml import ARCHITECTURES, FILE_TYPES, LLAMA_CPP, NOT_CHAT, TENSOR_TYPES


def library() -> bytes:
    package = distribution("llama-cpp-python")
    return Path(str(package.locate_file("llama_cpp/lib/libllama.so"))).read_bytes()


def test_names_the_pinned_release():
    assert distribution("llama-cpp-python").version in LLAMA_CPP


def test_every_architecture_is_in_the_library():
    strings = library()
    assert [name for name in ARCHITECTURES if name.encode() + b"\0" not in strings] == []


def test_no_architecture_of_the_gguf_package_that_the_library_has_is_missing():
    strings = library()
    names = {name for name in gguf.MODEL_ARCH_NAMES.values() if name.encode() + b"\0" in strings}
    assert names - ARCHITECTURES == set()


def test_what_cannot_chat_is_known_to_exist():
    assert NOT_CHAT < ARCHITECTURES


@pytest.mark.parametrize("kind", gguf.GGMLQuantizationType)
def test_tensor_type_matches(kind):
    assert TENSOR_TYPES[kind.value] == (kind.name, *gguf.GGML_QUANT_SIZES[kind])


def test_file_types_match():
    theirs = {
        kind.value: kind.name.removeprefix("MOSTLY_").removeprefix("ALL_").removesuffix("_MOE")
        for kind in gguf.LlamaFileType
        if kind.name != "GUESSED"
    }
    assert {number: FILE_TYPES[number] for number in theirs} == theirs

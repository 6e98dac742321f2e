import struct
import time

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.catalog.gguf import CountedArray, parse, read, refuse_early
from edge.errors import ModelUnusable
from tests.catalog.tiny_gguf import CHATML, CHATML_TOOLS, make_tiny_gguf


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", n_ctx_train=4096)


def refusal(path):
    with pytest.raises(ModelUnusable) as caught:
        read(path)
    return str(caught.value)


def header(version=3, tensors=0, pairs=b"", pair_count=0, tail=b""):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pair_count) + pairs + tail


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


# --- what it reads ------------------------------------------------------------------


def vocabulary(*tokens):
    array = struct.pack("<IQ", 8, len(tokens)) + b"".join(text(token) for token in tokens)
    pair = text("tokenizer.ggml.tokens") + struct.pack("<I", 9) + array
    return parse(header(pairs=pair, pair_count=1), "x").vocabulary


MANY = tuple(f"t{n}" for n in range(5000))


@pytest.mark.parametrize("tokens", [("a", "bc"), MANY])
def test_a_list_of_tokens_has_a_name(tokens):
    name = vocabulary(*tokens)
    pads = tuple(f"[PAD{n}]" for n in range(len(tokens), len(tokens) + 3))
    assert name is not None
    assert vocabulary(*tokens, *pads) == name, "padding does not count"
    others = [(*tokens, "more"), tokens[::-1], (*tokens, "[PAD1]"), (*tokens[:-1], "x"), tokens[1:]]
    assert name not in {vocabulary(*other) for other in others}


def test_texts_that_run_together_alike_are_not_alike():
    assert vocabulary("ab", "c") != vocabulary("a", "bc")


def test_a_file_without_tokens_has_no_name():
    assert parse(header(), "x").vocabulary is None
    assert vocabulary() == vocabulary("[PAD0]")


def test_reads_the_facts(tiny):
    facts = read(tiny)
    assert (facts.architecture, facts.name, facts.version) == ("llama", "tiny", 3)
    assert (facts.context_length, facts.layers, facts.embedding_length) == (4096, 2, 64)
    assert facts.kv_heads == (2, 2)
    assert facts.key_length == facts.value_length == 16
    assert facts.quantization == "F32"
    assert facts.chat_template == CHATML
    assert not facts.has_tool_template
    assert facts.special_tokens["bos"].text == "<s>"
    assert facts.special_tokens["eos"].text == "</s>"
    assert facts.special_tokens["eot"].text == "<|im_end|>"


def test_agrees_with_the_gguf_package(tiny):
    facts, theirs = read(tiny), gguf.GGUFReader(tiny)
    assert facts.data_offset == theirs.data_offset
    assert [(t.name, t.type, t.nbytes, list(t.shape)) for t in facts.tensors] == [
        (t.name, t.tensor_type.name, t.n_bytes, t.shape.tolist()) for t in theirs.tensors
    ]
    assert facts.tensor_bytes == sum(int(t.n_bytes) for t in theirs.tensors)
    assert facts.parameters == sum(int(t.n_elements) for t in theirs.tensors)
    assert facts.vocab_size == len(theirs.fields["tokenizer.ggml.tokens"].data)
    assert facts.expected_bytes == facts.file_bytes == tiny.stat().st_size


def test_knows_a_tool_template(tmp_path):
    assert read(make_tiny_gguf(tmp_path / "a.gguf", chat_template=CHATML_TOOLS)).has_tool_template
    bare = read(make_tiny_gguf(tmp_path / "b.gguf", chat_template=None))
    assert bare.chat_template is None
    assert not bare.has_tool_template


def test_reads_quantized_tensors_and_unusual_metadata(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "q.gguf", "qwen3moe")
    writer.add_array("qwen3moe.attention.head_count_kv", [2, 0, 4])
    writer.add_block_count(3)
    writer.add_custom_alignment(64)
    writer.add_bool("some.flag", True)
    writer.add_float64("some.real", 0.5)
    data = np.zeros((2, 144), dtype=np.uint8)
    writer.add_tensor("blk.0.w", data, raw_dtype=gguf.GGMLQuantizationType.Q4_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    facts = read(tmp_path / "q.gguf")
    assert facts.alignment == 64
    assert facts.kv_heads == (2, 0, 4)
    assert facts.metadata["some.flag"] is True
    assert facts.metadata["some.real"] == 0.5
    assert facts.quantization == "Q4_K"
    assert facts.tensors[0].shape == (256, 2)
    assert facts.tensors[0].nbytes == 288


def test_a_large_vocabulary_is_counted_quickly():
    count = 150_000
    tokens = b"".join(text(f"token-{number}") for number in range(count))
    array = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, count) + tokens
    eos = text("tokenizer.ggml.eos_token_id") + struct.pack("<II", 4, count - 1)
    data = header(pairs=array + eos, pair_count=2)
    started = time.perf_counter()
    facts = parse(data, "big")
    assert time.perf_counter() - started < 0.2
    assert facts.vocab_size == count
    assert isinstance(facts.metadata["tokenizer.ggml.tokens"], CountedArray)
    assert facts.special_tokens["eos"].text == f"token-{count - 1}"


def test_reads_on_when_the_header_is_long(tiny):
    assert read(tiny, first_read=100) == read(tiny)


# --- what it refuses ----------------------------------------------------------------


def test_refuses_what_is_no_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "absent.gguf")
    assert "is a directory" in refusal(tmp_path)
    (tmp_path / "empty.gguf").touch()
    assert "is empty" in refusal(tmp_path / "empty.gguf")


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n <HTML>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git-lfs pointer"),
        (b'{"error":"not found"}', "JSON text"),
        (struct.pack("<Q", 99) + b'{"__metadata__"', "safetensors"),
        (b"PK\x03\x04" + b"\0" * 40, "zip archive"),
        (b"\x1f\x8b\x08" + b"\0" * 40, "compressed"),
        (b"lmgg" + b"\0" * 40, "old GGML"),
        (b"\0" * 64, "begins with zeros"),
        (b"MZ something else", "begins with b'MZ"),
    ],
)
def test_says_what_a_foreign_file_is(tmp_path, start, word):
    path = tmp_path / "model.gguf"
    path.write_bytes(start)
    said = refusal(path)
    assert "is not a GGUF file" in said
    assert word in said


@pytest.mark.parametrize(
    ("version", "word"), [(1, "too old"), (9, "newer than"), (3 << 24, "big-endian")]
)
def test_refuses_versions_it_cannot_read(tmp_path, version, word):
    path = tmp_path / "model.gguf"
    path.write_bytes(header(version=version) + b"\0" * 64)
    assert word in refusal(path)


def test_refuses_truncated_tensors_with_the_numbers(tiny, tmp_path):
    whole = tiny.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[:-1])
    said = refusal(path)
    assert f"is truncated: {len(whole) - 1:,} bytes of {len(whole):,}; download it again" in said


@pytest.mark.parametrize("length", [5, 20, 24, 100, 3000, 10_000])
def test_refuses_a_truncated_header(tiny, tmp_path, length):
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:length])
    assert "is truncated" in refusal(path)


HUGE = 2**62
LIES = {
    "tensors": header(tensors=HUGE),
    "pairs": header(pair_count=HUGE),
    "key length": header(pairs=struct.pack("<Q", HUGE), pair_count=1),
    "text length": header(pairs=text("k") + struct.pack("<IQ", 8, HUGE), pair_count=1),
    "texts": header(pairs=text("k") + struct.pack("<IIQ", 9, 8, HUGE), pair_count=1),
    "numbers": header(pairs=text("k") + struct.pack("<IIQ", 9, 4, HUGE), pair_count=1),
    "text in texts": header(
        pairs=text("k") + struct.pack("<IIQ", 9, 8, 5000) + b"\xff" * 40_000, pair_count=1
    ),
    "nested array": header(pairs=text("k") + struct.pack("<IIQ", 9, 9, 1), pair_count=1),
    "value type": header(pairs=text("k") + struct.pack("<I", 77), pair_count=1),
    "alignment": header(pairs=text("general.alignment") + struct.pack("<II", 4, 0), pair_count=1),
    "dimensions": header(tensors=1, tail=text("w") + struct.pack("<I", HUGE % 2**32 + 9)),
    "tensor type": header(tensors=1, tail=text("w") + struct.pack("<IQIQ", 1, 32, 999, 0)),
    "tensor shape": header(tensors=1, tail=text("w") + struct.pack("<IQIQ", 1, 33, 2, 0)),
    "tensor size": header(
        tensors=1, tail=text("w") + struct.pack("<IQQQIQ", 3, HUGE, HUGE, HUGE, 0, 0)
    ),
    "tensor offset": header(tensors=1, tail=text("w") + struct.pack("<IQIQ", 1, 32, 0, 2**64 - 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_refuses_a_header_that_lies_at_once(lie):
    started = time.perf_counter()
    with pytest.raises(ModelUnusable):
        parse(LIES[lie] + b"\0" * 64, "liar")
    assert time.perf_counter() - started < 0.05


def test_refuses_what_llama_cpp_cannot_serve(tmp_path):
    def made(name, architecture):
        path = tmp_path / name
        data = text("general.architecture") + struct.pack("<I", 8) + text(architecture)
        path.write_bytes(header(pairs=data, pair_count=1) + b"\0" * 64)
        return path

    assert "architecture 'gpt-9'" in refusal(made("a.gguf", "gpt-9"))
    assert "not a chat model" in refusal(made("b.gguf", "nomic-bert"))
    assert "no weights" in refusal(made("c.gguf", "llama"))
    bare = tmp_path / "d.gguf"
    bare.write_bytes(header() + b"\0" * 64)
    assert "does not name its architecture" in refusal(bare)


def test_refuses_one_part_of_several(tmp_path):
    path = tmp_path / "part.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint16("split.count", 3)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert "one of 3 parts" in refusal(path)


def test_reads_a_model_in_parts_by_its_first(tmp_path):
    first = make_tiny_gguf(tmp_path / "big.gguf", tensors_a_file=8)
    facts = read(first)
    whole = read(make_tiny_gguf(tmp_path / "whole.gguf"))
    assert {one.name for one in facts.tensors} == {one.name for one in whole.tensors}
    further = first.with_name(first.name.replace("00001-of", "00002-of"))
    assert "does not name its architecture" in refusal(further)


def test_judges_a_file_by_its_beginning(tiny):
    head = tiny.read_bytes()
    refuse_early(head[:200_000], "x", len(head))
    refuse_early(head[:1000], "x", len(head))
    with pytest.raises(ModelUnusable, match="x has the architecture 'lamma'"):
        refuse_early(head.replace(b"llama", b"lamma")[:200_000], "x", len(head))
    with pytest.raises(ModelUnusable, match="x is truncated"):
        refuse_early(head[:200_000], "x", 300_000)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damage_anywhere_gives_facts_or_a_sentence(tiny, data):
    whole = bytearray(tiny.read_bytes()[:40_000])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, len(whole) - 9))
        whole[at : at + 8] = data.draw(st.binary(min_size=8, max_size=8))
    try:
        parse(bytes(whole), "damaged")
    except ModelUnusable as error:
        assert str(error).startswith("damaged")

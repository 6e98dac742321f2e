"""Names of blocks."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.engines.worker.blocks import (
    blocks_of,
    fingerprint,
    pieces_of,
    root_name,
    whole_length,
    wholes_of,
)

TOKENS = st.lists(st.integers(0, 200_000), max_size=40)


@given(TOKENS, TOKENS)
def test_equal_beginnings_have_equal_names_and_others_not(left: list[int], right: list[int]):
    first, second = blocks_of(b"r", left, 4), blocks_of(b"r", right, 4)
    assert len(first) == len(left) // 4
    for index, (a, b) in enumerate(zip(first, second, strict=False)):
        end = 4 * (index + 1)
        assert (a.start, a.end) == (end - 4, end)
        assert (a.name == b.name) == (left[:end] == right[:end])


@given(TOKENS, TOKENS, st.integers(0, 4))
def test_pieces_divide_a_block_full_or_not(left: list[int], right: list[int], index: int):
    blocks, others = blocks_of(b"r", left, 8), blocks_of(b"r", right, 8)
    index = min(index, len(blocks), len(others))
    first = pieces_of(b"r", blocks, left, index, 2)
    second = pieces_of(b"r", others, right, index, 2)
    ends = range(8 * index + 2, min(len(left), 8 * index + 8) + 1, 2)
    assert [(p.start, p.end) for p in first] == [(end - 2, end) for end in ends]
    for piece in first:
        assert (piece in second) == (left[: piece.end] == right[: piece.end])
        assert piece.name not in {block.name for block in blocks}


@settings(deadline=None)
@given(TOKENS, TOKENS, st.lists(st.integers(-1, 50), max_size=6))
def test_a_whole_is_named_for_all_its_tokens(left: list[int], right: list[int], ends: list[int]):
    first, second = wholes_of(b"r", left, ends), wholes_of(b"r", right, ends)
    assert [w.end for w in first] == sorted({end for end in ends if 0 < end <= len(left)})
    for whole in first:
        assert whole == wholes_of(b"r", left[: whole.end], [whole.end])[0]
        assert (whole.start, whole_length(whole.name)) == (0, whole.end)
        assert len(whole.name) == 40
        assert (whole in second) == (left[: whole.end] == right[: whole.end])


def test_another_setting_has_other_names():
    names = [
        root_name("model", "f16", "1"),
        root_name("model", "q8_0", "1"),
        root_name("m", "odel"),
    ]
    assert len({tuple(b.name for b in blocks_of(root, range(8), 4)) for root in names}) == 3
    assert len({wholes_of(root, range(8), [8])[0].name for root in names}) == 3


def test_a_fingerprint_tells_models_apart(tmp_path: Path):
    model = tmp_path / "a.gguf"
    data = bytearray(8 * 1024 * 1024)
    model.write_bytes(data)
    before = fingerprint(model)
    assert fingerprint(model) == before
    data[-5] = 1
    data[len(data) * 40 // 64 + 3] = 1
    model.write_bytes(data)
    assert fingerprint(model) != before
    model.write_bytes(bytes(data) + b"x")
    assert fingerprint(model) != before

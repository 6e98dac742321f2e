"""Names of blocks."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.blocks import block_names, fingerprint, root_name

TOKENS = st.lists(st.integers(0, 200_000), max_size=40)


@given(TOKENS, TOKENS)
def test_equal_beginnings_have_equal_names_and_others_not(left: list[int], right: list[int]):
    first, second = block_names(b"r", left, 4), block_names(b"r", right, 4)
    assert len(first) == len(left) // 4
    for index, (a, b) in enumerate(zip(first, second, strict=False)):
        end = 4 * (index + 1)
        assert (a == b) == (left[:end] == right[:end])


def test_another_setting_has_other_names():
    names = [
        root_name("model", "f16", "1"),
        root_name("model", "q8_0", "1"),
        root_name("m", "odel"),
    ]
    assert len({tuple(block_names(root, range(8), 4)) for root in names}) == 3


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

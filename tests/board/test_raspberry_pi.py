import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.board.raspberry_pi import decode


@pytest.mark.parametrize(
    ("code", "type_", "processor", "gigabytes", "revision"),
    [
        (0xD04170, "5", "BCM2712", 8, 0),
        (0xE04171, "5", "BCM2712", 16, 1),
        (0xC03111, "4B", "BCM2711", 4, 1),
        (0xD03115, "4B", "BCM2711", 8, 5),
        (0xA02082, "3B", "BCM2837", 1, 2),
        (0x902120, "Zero 2 W", "BCM2837", 0.5, 0),
        (0xE041A0, "CM5 Lite", "BCM2712", 16, 0),
        (0x2D04170, "5", "BCM2712", 8, 0),
    ],
)
def test_decodes_published_codes(code, type_, processor, gigabytes, revision):
    found = decode(code)
    assert (found.type, found.processor, found.revision) == (type_, processor, revision)
    assert found.memory == gigabytes * 2**30


def test_old_codes_are_not_read():
    assert decode(0x000E) is None


def test_what_is_newer_than_the_table_is_unknown():
    found = decode(0x800000 | 7 << 20 | 9 << 12 | 0x7E << 4)
    assert (found.type, found.processor, found.memory) == (None, None, None)


@given(st.integers(0, 2**32 - 1))
def test_any_code_is_safe(code):
    decode(code)


def test_a_board_is_known_by_its_code_alone():
    pi_5, lite = decode(0xD04170), decode(0xD041A0)
    assert pi_5 is not None
    assert pi_5.compatible == ("raspberrypi,5-model-b",)
    assert lite is not None
    assert lite.compatible == ("raspberrypi,5-compute-module",)
    zero = decode(0x9000C1)
    assert zero is not None
    assert zero.compatible == ()

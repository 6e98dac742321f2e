"""Expected numbers are those of the model's published tokenizer for the same texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.engines.wordpiece import load


def encode(text: str, most: int = 128) -> list[int]:
    return load().encode(text, most)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Where is the port configured?", [2073, 2003, 1996, 3417, 26928, 1029]),
        (
            "Refactor `AuthService.login()` in src/auth.ts",
            [
                25416,
                18908,
                2953,
                1036,
                8740,
                26830,
                2121,
                7903,
                2063,
                1012,
                8833,
                2378,
                1006,
                1007,
                1036,
                1999,
                5034,
                2278,
                1013,
                8740,
                2705,
                1012,
                24529,
            ],
        ),
        ("Größe ändern, naïve façade", [24665, 2080, 17499, 1998, 11795, 1010, 15743, 8508]),
        ("什么是死锁?", [100, 100, 100, 100, 100, 1029]),
        ("tabs\tand\nlines\x00\x07", [21628, 2015, 1998, 3210]),
        ("email@example.org $5 <b>", [10373, 1030, 2742, 1012, 8917, 1002, 1019, 1026, 1038, 1028]),
        ("unbelievably", [4895, 8671, 2666, 3567, 6321]),
        ("naïve", [15743]),
        ("", []),
        ("   ", []),
        ("ḍ̇", [1040]),
        ("x\u200by", [1060, 2100]),
        ("💥 crash", [100, 5823]),
    ],
)
def test_the_published_tokenizers_numbers(text: str, numbers: list[int]):
    assert encode(text) == [101, *numbers, 102]


def test_a_word_of_more_than_a_hundred_letters_is_unknown():
    assert encode("a" * 101) == [101, 100, 102]


def test_of_a_long_text_both_ends_count():
    words = "alpha beta gamma delta epsilon zeta"
    whole = encode(words)
    cut = encode(words, 6)
    assert cut == [*whole[:3], *whole[-3:]]
    assert encode(words, 7) == [*whole[:4], *whole[-3:]]


def test_names_of_special_pieces_are_plain_text():
    assert 102 not in encode("[SEP]")[1:-1]


@given(st.text(max_size=200), st.integers(2, 40))
def test_any_text_fits(text: str, most: int):
    numbers = encode(text, most)
    assert numbers[0] == 101
    assert numbers[-1] == 102
    assert len(numbers) <= most
    assert all(0 <= number < 30_522 for number in numbers)

import pytest

from edge.catalog.splits import is_further, parts, title


def test_all_parts_of_a_name():
    names = parts("Q8_0/big-00002-of-00003.gguf")
    assert names == tuple(f"Q8_0/big-0000{number}-of-00003.gguf" for number in (1, 2, 3))
    assert [is_further(name) for name in names] == [False, True, True]


@pytest.mark.parametrize("name", ["a.gguf", "a-1-of-3.gguf", "a-00001-of-00000.gguf", "", "x"])
def test_one_file_is_its_only_part(name: str):
    assert parts(name) == (name,)
    assert not is_further(name)


def test_nobody_is_made_to_count_to_a_hundred_thousand():
    assert len(parts("a-00001-of-99999.gguf")) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.gguf", "a"), ("a.GGUF", "a"), ("a-00001-of-00002.gguf", "a"), ("a.bin", "a.bin")],
)
def test_what_a_person_calls_it(name: str, said: str):
    assert title(name) == said

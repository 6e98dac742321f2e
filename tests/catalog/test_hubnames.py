import pytest

from edge.catalog.hubnames import HubName, level_of, model_files, no_such_file, parse, pick
from edge.errors import ModelUnusable

FILES = (
    "README.md",
    "Toy-4B-BF16.gguf",
    "Toy-4B-Q4_K_M.gguf",
    "Toy-4B-Q4_K_S.gguf",
    "Toy-4B-UD-Q4_K_XL.gguf",
    "Toy-4B-IQ4_XS.gguf",
    "mmproj-F16.gguf",
    "Q8_0/Toy-4B-Q8_0-00001-of-00002.gguf",
    "Q8_0/Toy-4B-Q8_0-00002-of-00002.gguf",
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("a/b", HubName("a/b")),
        ("someone/Qwen3-4B-GGUF:q4_k_m", HubName("someone/Qwen3-4B-GGUF", "Q4_K_M")),
        ("a/b:UD-Q4_K_XL", HubName("a/b", "UD-Q4_K_XL")),
        ("a/b/c.gguf", HubName("a/b", None, "c.gguf")),
        ("a/b/Q8_0/c.gguf", HubName("a/b", None, "Q8_0/c.gguf")),
    ],
)
def test_names_of_a_hub(word: str, meant: HubName):
    assert parse(word) == meant


@pytest.mark.parametrize(
    "word",
    ["coder", "./a/b", "/a/b", "~/a", "a/../b.gguf", "a/b/../c.gguf", "models/mine.gguf", "a/b:",
     "a/b/c", "a/.b", "a b/c", "a/b:Q4/x", "http://a/b", ""],
)  # fmt: skip
def test_what_is_none(word: str):
    assert parse(word) is None


@pytest.mark.parametrize(
    ("file", "level"),
    [
        ("Qwen3-4B-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-0.5b-instruct-q8_0.gguf", "Q8_0"),
        ("SmolLM2.Q4_1.gguf", "Q4_1"),
        ("x-UD-IQ2_XXS.gguf", "UD-IQ2_XXS"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("Q8_0/Toy-00001-of-00002.gguf", "Q8_0"),
        ("Toy-4B-fp16.gguf", "FP16"),
        ("Qwen3-4B.gguf", None),
    ],
)
def test_the_level_in_a_name(file: str, level: str | None):
    assert level_of(file) == level


def test_projectors_and_further_parts_are_no_models():
    assert len(model_files(FILES)) == 6


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (HubName("a/b"), "Toy-4B-Q4_K_M.gguf"),
        (HubName("a/b", "Q4_K_S"), "Toy-4B-Q4_K_S.gguf"),
        (HubName("a/b", "Q4_K_XL"), "Toy-4B-UD-Q4_K_XL.gguf"),
        (HubName("a/b", "Q8_0"), "Q8_0/Toy-4B-Q8_0-00001-of-00002.gguf"),
        (HubName("a/b", None, "Toy-4B-BF16.gguf"), "Toy-4B-BF16.gguf"),
    ],
)
def test_the_file_that_is_meant(name: HubName, file: str):
    assert pick(name, FILES) == file


def test_the_only_file_needs_no_level():
    assert pick(HubName("a/b"), ["odd.gguf", "x.txt"]) == "odd.gguf"


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        (HubName("a/b", "Q9"), FILES, "has no Q9; its levels are BF16, IQ4_XS, Q4_K_M, Q4_K_S"),
        (HubName("a/b"), ["a-Q2_K.gguf", "a-Q8_0.gguf"], "name one, as in a/b:Q2_K"),
        (HubName("a/b"), ["x.gguf", "y.gguf"], "name a file: a/b/x.gguf, a/b/y.gguf"),
        (HubName("a/b"), ["model.safetensors"], "holds no .gguf file"),
        (HubName("a/b", None, "z.gguf"), FILES, "a/b has no z.gguf; it has Toy"),
    ],
)
def test_what_there_is_instead(name: HubName, files: list[str], words: str):
    with pytest.raises(ModelUnusable) as caught:
        pick(name, files)
    assert words in str(caught.value)


def test_the_likeliest_names_come_first_and_not_all():
    many = [f"model-{number:02}-Q4_K_M.gguf" for number in range(30)]
    said = no_such_file("a/b", "model-17-Q4_K_L.gguf", many)
    assert said.startswith("a/b has no model-17-Q4_K_L.gguf; it has model-17-Q4_K_M.gguf, ")
    assert said.endswith("and 18 more")

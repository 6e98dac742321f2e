import json
from pathlib import Path

import pytest

from edge.catalog import origins
from edge.catalog.families import load_families
from edge.catalog.known import known_families
from edge.catalog.listing import (
    Listing,
    filtered,
    format_listing,
    listing_as_json,
    take_stock,
)
from edge.catalog.models import ModelRef, catalog_of
from edge.catalog.origins import Origin
from tests.catalog.tiny_gguf import make_tiny_gguf

OWN = """
[[model]]
name = "mine"
file = "mine.gguf"
source = { repository = "a/b", file = "b-Q4_K_M.gguf" }
"""


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "own.toml").write_text(OWN + '[[model]]\nname = "x"\n')
    make_tiny_gguf(folder / "plain.gguf")
    origins.write(make_tiny_gguf(folder / "pulled.gguf"), Origin("a/c", "pulled.gguf"))
    make_tiny_gguf(folder / "big.gguf", tensors_a_file=8)
    (folder / "bad.gguf").write_bytes(b"<html>")
    local = [ModelRef("ollama/x:1", make_tiny_gguf(tmp_path / "blob"), owner="Ollama")]
    return take_stock(folder, catalog_of(folder), local)


def test_what_is_here_and_from_where(listing: Listing):
    assert {one.name: one.origin for one in listing.present} == {
        "big": "your own file",
        "plain": "your own file",
        "pulled": "a/c",
        "smollm2-135m": "comes with codriver",
        "ollama/x:1": "Ollama",
    }
    plain = next(one for one in listing.present if one.name == "plain")
    assert (plain.level, plain.context) == ("F32", 2048)


def test_what_is_not_here_and_no_test_models(listing: Listing):
    assert [one.name for one in listing.absent] == [
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
        "mine",
    ]
    assert listing.absent[-1].bytes is None


def test_what_came_without_a_checksum_is_unverified(tmp_path: Path):
    told = {"checked": Origin("a/b", "x.gguf", sha256="00"), "not": Origin(place="/media/stick")}
    for name, origin in told.items():
        origins.write(make_tiny_gguf(tmp_path / f"{name}.gguf"), origin)
    make_tiny_gguf(tmp_path / "own.gguf")
    listing = take_stock(tmp_path, catalog_of(tmp_path))
    found = {one.name: one.verified for one in listing.present}
    assert found == {"checked": True, "not": False, "own": None, "smollm2-135m": True}
    lines = format_listing(listing).splitlines()
    assert [line.split()[0] for line in lines if "/media/stick, unverified" in line] == ["not"]
    assert "a/b, unverified" not in format_listing(listing)


def test_what_is_no_good_is_told(listing: Listing):
    entry, file = listing.refused
    assert "own.toml: model 2 lacks the key 'file'" in entry
    assert "bad.gguf is not a GGUF file" in file


def test_people_see_a_table(listing: Listing):
    lines = format_listing(listing).splitlines()
    assert lines[0].split() == ["model", "level", "size", "context", "from", "file"]
    assert any(line.split()[:4] == ["plain", "F32", "0.00", "GB"] for line in lines)
    assert "not here yet (codriver pull NAME):" in lines
    assert lines[-1].split() == ["mine", "?", "GB", "mine"]


def test_programs_see_all_of_it(listing: Listing):
    told = json.loads(listing_as_json(listing))
    assert [len(told[key]) for key in ("present", "absent", "refused")] == [5, 3, 2]
    assert told["families"] == []
    known = known_families(load_families(), (), "glm-4.5-air")
    told = json.loads(listing_as_json(listing, known))
    assert [one["name"] for one in told["families"]] == ["glm-4.5-air"]
    assert format_listing(listing, known).splitlines()[-1].split()[:2] == ["glm-4.5-air", "106.9"]


def test_a_word_chooses(listing: Listing):
    found = filtered(listing, "OLLAMA")
    assert ([one.name for one in found.present], found.absent) == (["ollama/x:1"], ())
    assert found.refused == listing.refused
    assert [one.name for one in filtered(listing, "coder").absent] == [
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
    ]

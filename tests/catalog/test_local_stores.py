"""Stores laid out as the programs lay them out, under a root of the test's own."""

import json
from pathlib import Path

import pytest

from edge.catalog.local_stores import LM_STUDIO, OLLAMA, find, here
from edge.catalog.models import resolve
from edge.catalog.store import scan
from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf

MODEL = "application/vnd.ollama.image.model"


def ollama(store: Path, name: str, start: bytes = b"GGUF...", media_type: str = MODEL) -> Path:
    """A model in Ollama's store; ``name`` is HOST/NAMESPACE/MODEL/TAG."""
    digits = f"{abs(hash(name)):064x}"
    blob = store / "blobs" / f"sha256-{digits}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(start)
    manifest = store / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:77", "size": 1},
        {"mediaType": media_type, "digest": f"sha256:{digits}", "size": len(start)},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "config": {}, "layers": layers}))
    return blob


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / "me"


@pytest.fixture
def store(home: Path) -> Path:
    return home / ".ollama" / "models"


def test_ollamas_names(tmp_path: Path, home: Path, store: Path):
    blob = ollama(store, "registry.ollama.ai/library/qwen3/4b")
    ollama(store, "registry.ollama.ai/someone/toy/latest")
    found = {ref.name: ref for ref in find(home, tmp_path, {})}
    assert set(found) == {"ollama/qwen3:4b", "ollama/someone/toy:latest"}
    assert (found["ollama/qwen3:4b"].path, found["ollama/qwen3:4b"].owner) == (blob, OLLAMA)


def test_a_model_without_its_bytes_is_none(tmp_path: Path, home: Path, store: Path):
    ollama(store, "r/library/absent/1").unlink()
    ollama(store, "r/library/foreign/1", start=b"safetensors")
    ollama(store, "r/library/adapter/1", media_type="application/vnd.ollama.image.adapter")
    for number, text in enumerate(("", "[]", "{}", '{"layers": [{}]}', '{"layers": 1}')):
        manifest = store / "manifests" / "r" / "library" / "odd" / str(number)
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text(text)
    evil = {"mediaType": MODEL, "digest": "sha256:../../../../etc/passwd"}
    (store / "manifests" / "r" / "library" / "odd" / "evil").write_text(
        json.dumps({"layers": [evil]})
    )
    assert find(home, tmp_path, {}) == ()


def test_the_services_store_and_a_named_one(tmp_path: Path, home: Path):
    ollama(tmp_path / "usr/share/ollama/.ollama/models", "r/library/service/1")
    ollama(tmp_path / "disk", "r/library/named/1")
    assert [ref.name for ref in find(home, tmp_path, {})] == ["ollama/service:1"]
    named = find(home, tmp_path, {"OLLAMA_MODELS": "/disk"})
    assert [ref.name for ref in named] == ["ollama/named:1"]


def test_lm_studios_names(tmp_path: Path, home: Path):
    folder = home / ".lmstudio" / "models" / "someone" / "Toy-GGUF"
    folder.mkdir(parents=True)
    for name in (
        "Toy-Q4_K_M.gguf",
        "mmproj-Toy-F16.gguf",
        "Big-00001-of-00002.gguf",
        "Big-00002-of-00002.gguf",
        "config.json",
    ):
        (folder / name).write_bytes(b"GGUF...")
    old = home / ".cache" / "lm-studio" / "models" / "a" / "b"
    old.mkdir(parents=True)
    (old / "old.gguf").write_bytes(b"GGUF...")
    (old / "half.gguf").write_bytes(b"\0\0\0\0")
    found = find(home, tmp_path, {})
    assert [ref.name for ref in found] == [
        "lmstudio/someone/Toy-GGUF/Big",
        "lmstudio/someone/Toy-GGUF/Toy-Q4_K_M",
        "lmstudio/a/b/old",
    ]
    assert {ref.owner for ref in found} == {LM_STUDIO}


def test_a_folder_that_cannot_be_read_is_not_there(tmp_path: Path, home: Path, store: Path):
    store.parent.mkdir(parents=True)
    (store.parent / "models").write_text("no folder")
    (home / ".lmstudio").symlink_to(home / ".lmstudio")
    assert find(home, tmp_path, {}) == ()
    assert find(None, tmp_path, {}) == ()


def test_this_machines_home_lies_under_the_root(tmp_path: Path, store: Path):
    ollama(store, "r/library/qwen3/4b")
    assert [ref.name for ref in here(tmp_path, {"HOME": "/home/me"})] == ["ollama/qwen3:4b"]
    assert here(tmp_path / "elsewhere", {"HOME": "/home/me"}) == ()
    assert here(tmp_path, {}) == ()


def test_they_are_models_like_others(tmp_path: Path, home: Path, store: Path):
    whole = make_tiny_gguf(tmp_path / "whole", chat_template=CHATML_TOOLS).read_bytes()
    blob = ollama(store, "r/library/tiny/1", start=whole)
    local = find(home, tmp_path, {})
    assert resolve("Ollama/tiny:1", tmp_path, local=local).path == blob
    found = scan(tmp_path / "models", catalog=(), local=local)
    assert [(one.name, one.path) for one in found.candidates] == [("ollama/tiny:1", blob)]

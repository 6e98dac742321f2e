"""The library as it is used here; see test_hub for everything that a hub can do wrong."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from edge.catalog.hubapi import Hub, NoSuchFile
from edge.catalog.hubnames import HubFile
from edge.catalog.patience import NoLink, Patience
from edge.errors import ModelUnusable
from tests.catalog.fake_hub import COMMIT, FakeHub, Fault, fake_hub

DATA = b"GGUF and more"
FILE = HubFile("a/b", "sub/x.gguf", "v1")


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub({"a/b": {"sub/x.gguf": DATA, "README.md": b""}}) as one:
        yield one


@pytest.fixture
def asked(hub: FakeHub) -> Hub:
    return Hub(hub.url + "/", Patience(attempts=2, wait=lambda seconds: None))


def test_what_it_tells(hub: FakeHub, asked: Hub):
    assert asked.files("a/b", "main") == ("sub/x.gguf", "README.md")
    facts = asked.facts(FILE)
    assert (facts.size, facts.commit) == (len(DATA), COMMIT)
    assert facts.sha256 == facts.etag == hashlib.sha256(DATA).hexdigest()
    assert hub.seen[-1].path == "/a/b/resolve/v1/sub/x.gguf"
    assert asked.url(FILE, COMMIT) == f"{hub.url}/a/b/resolve/{COMMIT}/sub/x.gguf"


def test_an_etag_that_is_no_checksum(hub: FakeHub, asked: Hub):
    hub.tells_sha256 = False
    facts = asked.facts(FILE)
    assert (facts.size, facts.sha256, facts.etag) == (None, None, "a-pointer")


def test_a_file_that_is_not_there(asked: Hub):
    with pytest.raises(NoSuchFile, match=r"a/b has no y\.gguf"):
        asked.facts(HubFile("a/b", "y.gguf"))


def test_names_that_the_library_does_not_take(asked: Hub):
    with pytest.raises(ModelUnusable, match="'a--b/c' cannot be a repository's name"):
        asked.files("a--b/c", "main")
    with pytest.raises(ModelUnusable, match="cannot be a repository's name"):
        asked.facts(HubFile("a/b/c/d", "x.gguf"))


def test_questions_are_asked_again_and_not_for_ever(hub: FakeHub, asked: Hub):
    hub.faults.append(Fault("status", status=502, where="api"))
    assert asked.files("a/b", "main")
    hub.faults.append(Fault("status", status=502, where="api", times=None))
    with pytest.raises(ModelUnusable, match="the hub answers with status 502; try again later"):
        asked.files("a/b", "main")


def test_an_offline_wish_is_honoured(hub: FakeHub, asked: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for ask in (lambda: asked.files("a/b", "main"), lambda: asked.facts(FILE)):
        with pytest.raises(NoLink, match="HF_HUB_OFFLINE is set, so the hub is not asked"):
            ask()
    assert hub.seen == []


def test_importing_asks_nobody_anything(hub: FakeHub, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", "import edge.catalog.hubapi"],
        env={"HF_ENDPOINT": hub.url, "HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert hub.seen == []
    assert list(tmp_path.iterdir()) == []

"""Files from a stick, and from a laptop that serves a folder: the real http.server, and a fake."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.catalog import origins
from edge.catalog.bring import Known, bring
from edge.catalog.folder import FetchProgress, partials_of
from edge.catalog.patience import Patience
from edge.errors import ModelUnusable
from edge.units import Bytes
from tests.catalog.fake_hub import FakeHub, Fault, fake_hub
from tests.catalog.tiny_gguf import make_tiny_gguf

FILE = "toy.gguf"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    make_tiny_gguf(folder / FILE)
    return folder


@pytest.fixture
def data(stick: Path) -> bytes:
    return (stick / FILE).read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def laptop(stick: Path) -> Iterator[str]:
    """What ``python -m http.server`` is."""
    serve = functools.partial(Quiet, directory=str(stick))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def server(data: bytes) -> Iterator[FakeHub]:
    """One with ranges."""
    with fake_hub({"a/b": {FILE: data}}) as hub:
        yield hub


def quick(attempts: int = 2) -> Patience:
    return Patience(attempts=attempts, wait=lambda seconds: None)


def refused(place: Any, folder: Path, known: Known | None = None, **more: Any) -> str:
    with pytest.raises(ModelUnusable) as caught:
        bring(str(place), known or Known(FILE), folder, patience=quick(), **more)
    assert list(folder.glob("*.gguf")) == []
    return str(caught.value)


def test_from_a_stick_by_file_and_by_folder(stick: Path, folder: Path, data: bytes):
    seen: list[FetchProgress] = []
    sha256 = hashlib.sha256(data).hexdigest()
    known = Known(FILE, Bytes(len(data)), sha256)
    path = bring(str(stick), known, folder, seen.append)
    assert path.read_bytes() == data
    assert seen[-1].done == seen[-1].total == len(data)
    other = bring(str(stick / FILE), Known("other.gguf"), folder)
    assert other == folder / "other.gguf"
    told = origins.read(other)
    assert told is not None
    assert told.words() == str(stick / FILE)


def test_a_model_in_parts_from_a_stick(stick: Path, folder: Path):
    first = make_tiny_gguf(stick / "big.gguf", tensors_a_file=8)
    path = bring(str(first), Known(first.name), folder)
    assert path.name == first.name
    assert len(list(folder.glob("big-*.gguf"))) == 3


def test_of_a_copy_that_fails_nothing_is_left(stick: Path, folder: Path):
    first = make_tiny_gguf(stick / "big.gguf", tensors_a_file=8)
    second = first.name.replace("00001-of", "00002-of")

    def pulled_out(progress: FetchProgress) -> None:
        if progress.part == 2:
            raise OSError(5, "Input/output error")

    with pytest.raises(ModelUnusable, match=r"cannot be brought from .*: Input/output error"):
        bring(str(first), Known(first.name), folder, pulled_out)
    assert partials_of(folder / first.name) == partials_of(folder / second) == []
    assert list(folder.glob("*.gguf")) == []


def test_from_a_laptop(laptop: str, folder: Path, data: bytes):
    assert bring(laptop, Known(FILE), folder).read_bytes() == data
    assert bring(f"{laptop}/{FILE}", Known("x.gguf"), folder).read_bytes() == data


def test_a_model_in_parts_from_a_laptop(laptop: str, stick: Path, folder: Path):
    first = make_tiny_gguf(stick / "big.gguf", tensors_a_file=8)
    bring(f"{laptop}/{first.name}", Known(first.name), folder)
    assert len(list(folder.glob("big-*.gguf"))) == 3


def test_a_laptop_that_goes_away_is_gone_on_with(server: FakeHub, folder: Path, data: bytes):
    place = f"{server.url}/cdn/a/b/{FILE}"
    server.faults.append(Fault("cut", after=5000))
    with pytest.raises(ModelUnusable, match="cut the connection, so toy"):
        bring(place, Known(FILE), folder, patience=quick(1))
    assert len(partials_of(folder / FILE)) == 1
    assert bring(place, Known(FILE), folder).read_bytes() == data
    assert server.ranges() == ["", "bytes=5000-"]


@pytest.mark.parametrize("there", [True, False], ids=["stick", "laptop"])
def test_other_bytes_than_the_catalogues(stick: Path, laptop: str, folder: Path, there: bool):
    place = stick if there else laptop
    assert "instead of 7: it is another file" in refused(place, folder, Known(FILE, Bytes(7)))
    assert "instead of 000000000000" in refused(place, folder, Known(FILE, None, "0" * 64))
    assert partials_of(folder / FILE) == []


@pytest.mark.parametrize("there", [True, False], ids=["stick", "laptop"])
def test_what_is_no_model(stick: Path, laptop: str, folder: Path, there: bool):
    (stick / FILE).write_bytes(b"<html>" + b" " * 100)
    place = stick if there else laptop
    assert "it is a web page" in refused(place, folder)
    assert "name the .gguf file" in refused(stick, folder, Known("absent.gguf"))
    assert "answers with status 404" in refused(laptop, folder, Known("absent.gguf"))


def test_a_server_that_is_not_there(folder: Path):
    assert "cannot be reached; check that" in refused("http://127.0.0.1:1/x.gguf", folder)
    assert "is no address" in refused("http://[/x.gguf", folder)


def test_a_full_disk(stick: Path, laptop: str, folder: Path):
    for place in (stick, laptop):
        said = refused(place, folder, free_bytes=lambda folder: 1000)
        assert "only 0.0 GB are free" in said


def test_what_is_here_is_not_overwritten(stick: Path, folder: Path):
    bring(str(stick), Known(FILE), folder)
    with pytest.raises(ModelUnusable, match="there already; remove it first: codriver rm toy"):
        bring(str(stick), Known(FILE), folder)

"""The bytes of a URL, from a fake hub's store; see test_hub for what a hub's user sees of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from edge.catalog.download import Wanted, download
from edge.catalog.patience import NoLink, Patience
from edge.errors import ModelUnusable
from edge.units import Bytes
from tests.catalog.fake_hub import FakeHub, Fault, fake_hub
from tests.catalog.tiny_gguf import make_tiny_gguf


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_tiny_gguf(tmp_path_factory.mktemp("toy") / "toy.gguf").read_bytes()


@pytest.fixture
def hub(data: bytes) -> Iterator[FakeHub]:
    with fake_hub({"a/b": {"toy.gguf": data}}) as one:
        yield one


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client() as one:
        yield one


@pytest.fixture
def wanted(hub: FakeHub, data: bytes) -> Wanted:
    return Wanted(
        name="toy.gguf",
        whose="the store",
        url=f"{hub.url}/cdn/a/b/toy.gguf",
        refusal=lambda status: f"refused with {status}",
        size=Bytes(len(data)),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def quick(attempts: int = 2) -> Patience:
    return Patience(attempts=attempts, wait=lambda seconds: None)


def test_progress_only_grows(wanted: Wanted, tmp_path: Path, client: httpx2.Client, data: bytes):
    seen: list[int] = []
    assert download(wanted, tmp_path / "p", client, seen.append) == wanted.sha256
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, len(data))


def test_a_whole_partial_needs_no_request(
    hub: FakeHub, wanted: Wanted, tmp_path: Path, client: httpx2.Client, data: bytes
):
    (tmp_path / "p").write_bytes(data)
    assert download(wanted, tmp_path / "p", client, lambda done: None) == wanted.sha256
    assert hub.seen == []


def test_a_partial_that_is_too_long_is_begun_again(
    hub: FakeHub, wanted: Wanted, tmp_path: Path, client: httpx2.Client, data: bytes
):
    (tmp_path / "p").write_bytes(data + b"more")
    download(wanted, tmp_path / "p", client, lambda done: None)
    assert hub.ranges() == [""]


def test_more_bytes_than_were_promised(
    hub: FakeHub, wanted: Wanted, tmp_path: Path, client: httpx2.Client, data: bytes
):
    short = replace(wanted, size=Bytes(len(data) - 1))
    with pytest.raises(ModelUnusable, match="sends more than the"):
        download(short, tmp_path / "p", client, lambda done: None, quick())
    assert not (tmp_path / "p").exists()


def test_fewer_bytes_than_were_promised(
    hub: FakeHub, wanted: Wanted, tmp_path: Path, client: httpx2.Client, data: bytes
):
    long = replace(wanted, size=Bytes(len(data) + 1))
    with pytest.raises(ModelUnusable, match="the store has no such rest of the file"):
        download(long, tmp_path / "p", client, lambda done: None, quick())


def test_an_unknown_length_is_found_out(
    hub: FakeHub, wanted: Wanted, tmp_path: Path, client: httpx2.Client, data: bytes
):
    hub.faults.append(Fault("cut", after=1000))
    unknown = replace(wanted, size=None, sha256=None)
    sha256 = download(unknown, tmp_path / "p", client, lambda done: None, quick())
    assert sha256 == wanted.sha256
    assert hub.ranges() == ["", "bytes=1000-"]


def test_a_status_that_stays(hub: FakeHub, wanted: Wanted, tmp_path: Path, client: httpx2.Client):
    hub.faults.append(Fault("status", status=410))
    with pytest.raises(ModelUnusable, match="refused with 410"):
        download(wanted, tmp_path / "p", client, lambda done: None, quick())


def test_nobody_there(wanted: Wanted, tmp_path: Path, client: httpx2.Client):
    gone = replace(wanted, url="http://127.0.0.1:1/toy.gguf")
    with pytest.raises(NoLink, match="the store cannot be reached, so toy"):
        download(gone, tmp_path / "p", client, lambda done: None, quick())


def test_circles(wanted: Wanted, tmp_path: Path):
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"Location": str(request.url)})

    with (
        httpx2.Client(transport=httpx2.MockTransport(answer)) as client,
        pytest.raises(ModelUnusable, match="leads in circles"),
    ):
        download(wanted, tmp_path / "p", client, lambda done: None, quick())


def test_another_range_than_was_asked_for(wanted: Wanted, tmp_path: Path, data: bytes):
    def answer(request: httpx2.Request) -> httpx2.Response:
        if "Range" in request.headers:
            headers = {"Content-Range": f"bytes 5-{len(data) - 1}/{len(data)}"}
            return httpx2.Response(206, headers=headers, content=iter([data[5:]]))
        return httpx2.Response(200, content=iter([data]))

    (tmp_path / "p").write_bytes(data[:1000])
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        sha256 = download(wanted, tmp_path / "p", client, lambda done: None, quick())
    assert sha256 == wanted.sha256

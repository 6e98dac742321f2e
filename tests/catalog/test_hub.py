"""Files of a hub that behaves, and of one that does everything else. A fake hub on loopback."""

from __future__ import annotations

import fcntl
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.catalog import folder as folder_module
from edge.catalog import origins
from edge.catalog.folder import FetchProgress, partials_of
from edge.catalog.hub import HubFile, fetch, find
from edge.catalog.hubnames import HubName
from edge.catalog.models import resolve
from edge.catalog.patience import Patience
from edge.catalog.store import candidate
from edge.errors import ModelUnusable
from edge.units import Seconds
from tests.catalog.fake_hub import COMMIT, FakeHub, Fault, fake_hub
from tests.catalog.tiny_gguf import make_tiny_gguf

REPOSITORY = "someone/Toy-GGUF"
FILE = "toy-Q4_K_M.gguf"
HALF = 100_000
TOY = HubFile(REPOSITORY, FILE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    whole = make_tiny_gguf(tmp_path_factory.mktemp("toy") / FILE).read_bytes()
    assert len(whole) > 2 * HALF
    return whole


@pytest.fixture
def hub(data: bytes) -> Iterator[FakeHub]:
    with fake_hub({REPOSITORY: {FILE: data, "README.md": b"# Toy", "toy-Q8_0.gguf": b""}}) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def patience(waited: list[float]) -> Patience:
    return Patience(attempts=3, wait=waited.append)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != folder_module.LOCK)


def refused(hub: FakeHub, folder: Path, patience: Patience, **more: Any) -> str:
    with pytest.raises(ModelUnusable) as caught:
        fetch(more.pop("file", TOY), folder, endpoint=hub.url, patience=patience, **more)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


# --- all is well --------------------------------------------------------------------


def test_a_file_comes_whole_with_progress_and_its_origin(hub: FakeHub, folder: Path, data: bytes):
    seen: list[FetchProgress] = []
    path = fetch(TOY, folder, seen.append, endpoint=hub.url)
    assert path == folder / FILE
    assert path.read_bytes() == data
    assert left_in(folder) == [f".{FILE}.origin.json", FILE]
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, len(data), len(data))
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    told = origins.read(path)
    assert told is not None
    assert (told.repository, told.revision) == (REPOSITORY, COMMIT)
    assert told.sha256 == hashlib.sha256(data).hexdigest()


def test_the_hub_is_asked_nothing_else_and_told_little(hub: FakeHub, folder: Path):
    fetch(TOY, folder, endpoint=hub.url)
    assert [(one.method, one.path.split("/")[1]) for one in hub.seen] == [
        ("HEAD", "someone"),
        ("GET", "someone"),
        ("GET", "cdn"),
    ]
    assert f"/{REPOSITORY}/resolve/{COMMIT}/{FILE}" == hub.seen[1].path
    assert all(one.agent.startswith("codriver/") for one in hub.seen)
    assert "agent/" not in "".join(one.agent for one in hub.seen)


def test_a_token_goes_to_the_hub_and_not_to_its_store(
    hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(TOY, folder, endpoint=hub.url)
    assert [one.authorization for one in hub.seen] == ["Bearer hf_secret"] * 2 + [""]


def test_what_is_here_is_not_fetched_again(hub: FakeHub, folder: Path):
    fetch(TOY, folder, endpoint=hub.url)
    origins.origin_file(folder / FILE).unlink()  # put there by hand: its bytes tell
    assert fetch(TOY, folder, endpoint=hub.url) == folder / FILE
    assert len(hub.ranges()) == 1
    assert origins.read(folder / FILE) is not None


def test_a_pulled_file_is_found_by_its_name_on_the_hub(hub: FakeHub, folder: Path):
    fetch(TOY, folder, endpoint=hub.url)
    for name in (
        REPOSITORY,
        f"{REPOSITORY}:Q4_K_M",
        f"{REPOSITORY}:q4_k_m",
        f"{REPOSITORY}/{FILE}",
    ):
        assert resolve(name, folder).path == folder / FILE
    with pytest.raises(ModelUnusable, match=r"fetch it with: codriver pull someone/Toy-GGUF:Q8_0"):
        resolve(f"{REPOSITORY}:Q8_0", folder)


def test_a_level_is_looked_up_in_the_listing(hub: FakeHub, patience: Patience):
    found = find(HubName(REPOSITORY, "Q4_K_M"), endpoint=hub.url, patience=patience)
    assert found == TOY
    with pytest.raises(ModelUnusable, match=r"has no Q2_K; its levels are Q4_K_M, Q8_0"):
        find(HubName(REPOSITORY, "Q2_K"), endpoint=hub.url, patience=patience)
    with pytest.raises(ModelUnusable, match="knows no no/such"):
        find(HubName("no/such"), endpoint=hub.url, patience=patience)


def test_a_hub_that_tells_no_checksum_is_believed_by_length_and_header(
    hub: FakeHub, folder: Path, data: bytes
):
    hub.tells_sha256 = False
    assert fetch(TOY, folder, endpoint=hub.url).read_bytes() == data


# --- cuts and kills -----------------------------------------------------------------


def test_a_cut_is_gone_on_with(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience, waited: list[float]
):
    hub.faults += [Fault("cut", after=HALF), Fault("cut", after=0)]
    path = fetch(TOY, folder, endpoint=hub.url, patience=patience)
    assert path.read_bytes() == data
    assert hub.ranges() == ["", f"bytes={HALF}-", f"bytes={HALF}-"]
    assert waited == [1.0, 2.0]


def test_a_line_that_is_cut_always_ends_with_what_is_kept(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    hub.faults.append(Fault("cut", after=10_000, times=None))
    sentence = refused(hub, folder, patience)
    assert sentence == (
        f"the hub cut the connection, so {FILE} is not here whole; 0.0 MB of it are kept and gone"
        " on with: try again later"
    )
    (partial,) = partials_of(folder / FILE)
    assert partial.stat().st_size == 30_000
    hub.faults.clear()
    assert fetch(TOY, folder, endpoint=hub.url).read_bytes() == data
    assert hub.ranges()[-1] == "bytes=30000-"
    assert partials_of(folder / FILE) == []


def test_a_server_that_ignores_the_range_begins_again(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    hub.faults += [Fault("cut", after=HALF), Fault("no-ranges")]
    assert fetch(TOY, folder, endpoint=hub.url, patience=patience).read_bytes() == data


def test_a_damaged_beginning_costs_one_more_download(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    hub.faults.append(Fault("cut", after=HALF, times=None))
    refused(hub, folder, Patience(attempts=1))
    (partial,) = partials_of(folder / FILE)
    partial.write_bytes(data[: HALF - 500] + b"\0" * 500)
    hub.faults.clear()
    assert fetch(TOY, folder, endpoint=hub.url, patience=patience).read_bytes() == data
    assert hub.ranges()[-2:] == [f"bytes={HALF}-", ""]


def test_the_beginning_of_another_version_is_thrown_away(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    hub.faults.append(Fault("cut", after=HALF))
    refused(hub, folder, Patience(attempts=1))
    hub.repositories[REPOSITORY][FILE] = data + b"\0" * 32
    fetch(TOY, folder, endpoint=hub.url, patience=patience)
    assert hub.ranges()[-1] == ""
    assert partials_of(folder / FILE) == []


def test_a_stall_ends_at_its_deadline(hub: FakeHub, folder: Path, patience: Patience):
    hub.faults.append(Fault("stall", after=HALF, times=None))
    quick = Patience(stall=Seconds(0.2), attempts=2, wait=patience.wait)
    assert "the hub has sent nothing for 0.2 s" in refused(hub, folder, quick)


# --- other bytes --------------------------------------------------------------------


def test_wrong_bytes_are_thrown_away(hub: FakeHub, folder: Path, patience: Patience):
    hub.faults.append(Fault("wrong", times=None))
    assert "it was thrown away, fetch again" in refused(hub, folder, patience)
    assert left_in(folder) == []


def test_the_catalogues_checksum_counts_too(hub: FakeHub, folder: Path, patience: Patience):
    sentence = refused(hub, folder, patience, sha256="0" * 64)
    assert "another file than the catalogue's" in sentence
    assert hub.ranges() == []
    hub.tells_sha256 = False
    assert "instead of 000000000000" in refused(hub, folder, patience, sha256="0" * 64)
    assert left_in(folder) == []


def test_what_is_no_gguf_is_noticed_at_its_beginning(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    hub.repositories[REPOSITORY][FILE] = b"PK\x03\x04" + data
    assert "it is a zip archive" in refused(hub, folder, patience)
    assert left_in(folder) == []


def test_an_unknown_architecture_is_told(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    hub.repositories[REPOSITORY][FILE] = data.replace(b"llama", b"lamma")
    assert "the architecture 'lamma'" in refused(hub, folder, patience)
    assert left_in(folder) == []


def test_a_web_page_instead_of_the_file(hub: FakeHub, folder: Path, patience: Patience):
    hub.faults.append(Fault("html"))
    assert "perhaps this network wants a login first" in refused(hub, folder, patience)


# --- the hub says no ----------------------------------------------------------------


def test_a_network_that_wants_a_login_answers_in_the_hubs_place(
    hub: FakeHub, folder: Path, patience: Patience
):
    hub.faults += [Fault("html", method="HEAD"), Fault("html", where="api")]
    assert "perhaps this network wants a login first" in refused(hub, folder, patience)
    with pytest.raises(ModelUnusable, match="wants a login first"):
        find(HubName(REPOSITORY), endpoint=hub.url, patience=patience)


def test_a_file_that_is_not_there_names_those_that_are(
    hub: FakeHub, folder: Path, patience: Patience
):
    absent = HubFile(REPOSITORY, "toy-Q4_K_S.gguf")
    assert refused(hub, folder, patience, file=absent) == (
        "someone/Toy-GGUF has no toy-Q4_K_S.gguf; it has toy-Q4_K_M.gguf, toy-Q8_0.gguf"
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("status", status=401, code="RepoNotFound"), "check the name, or set HF_TOKEN"),
        (Fault("status", status=403, code="GatedRepo"), "accept its licence on its page there"),
        (Fault("status", status=401, code="GatedRepo"), "then set HF_TOKEN"),
        (Fault("status", status=403), "then set HF_TOKEN"),
        (Fault("status", status=404, code="RevisionNotFound"), "has no revision 'main'"),
        (Fault("status", status=404), "the hub knows no toy-Q4_K_M.gguf in someone/Toy-GGUF"),
        (Fault("status", status=418), "answers with status 418"),
        (Fault("status", status=429), "the hub answers with status 429; try again later"),
        (Fault("status", status=503), "the hub answers with status 503; try again later"),
        (Fault("stall"), "the hub has sent nothing for 0.05 s; try again later"),
        (Fault("cut"), "the hub cut the connection; try again later"),
    ],
    ids=lambda value: (
        f"{value.kind}-{value.status}-{value.code}" if value.__class__ is Fault else ""
    ),
)
def test_the_hub_refuses(hub: FakeHub, folder: Path, waited: list[float], fault: Fault, words: str):
    hub.faults.append(Fault(**{**vars(fault), "method": "HEAD", "times": None}))
    stall = 0.05 if fault.kind == "stall" else 30.0
    quick = Patience(stall=Seconds(stall), attempts=2, wait=waited.append)
    assert words in refused(hub, folder, quick)
    assert left_in(folder) == []


def test_a_licence_that_is_asked_for_at_the_bytes(hub: FakeHub, folder: Path, patience: Patience):
    hub.faults.append(Fault("status", status=403))
    assert "accept its licence" in refused(hub, folder, patience)


def test_a_hub_that_is_busy_is_waited_for(
    hub: FakeHub, folder: Path, patience: Patience, waited: list[float]
):
    hub.faults += [
        Fault("status", status=429, headers={"Retry-After": "7"}, method="HEAD"),
        Fault("status", status=503, headers={"Retry-After": "3600"}),
    ]
    fetch(TOY, folder, endpoint=hub.url, patience=patience)
    assert waited == [7.0, 30.0], "what it asks for, within limits"


def test_no_link_names_what_can_run_instead(folder: Path, patience: Patience):
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for ask in (
            lambda: fetch(TOY, folder, endpoint=url, patience=patience, present=["a", "b"]),
            lambda: find(HubName(REPOSITORY), endpoint=url, patience=patience, present=["a", "b"]),
        ):
            with pytest.raises(ModelUnusable) as caught:
                ask()
            assert "is not on this box: the hub cannot be reached" in str(caught.value)
            assert str(caught.value).endswith("; what can run now: a, b")


# --- the folder ---------------------------------------------------------------------


def test_room_is_checked_before_the_first_byte(hub: FakeHub, folder: Path, patience: Patience):
    sentence = refused(hub, folder, patience, free_bytes=lambda folder: 1000)
    assert "needs 0.1 GB of disk to fetch and only 0.0 GB are free" in sentence
    assert hub.ranges() == []


def test_two_fetches_into_one_folder_do_not_mix(hub: FakeHub, folder: Path, patience: Patience):
    folder.mkdir()
    with (folder / folder_module.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another codriver is fetching" in refused(hub, folder, patience)


def test_another_file_of_that_name_is_not_overwritten(
    hub: FakeHub, folder: Path, data: bytes, patience: Patience
):
    folder.mkdir()
    (folder / FILE).write_bytes(data[:-1] + b"x")
    origins.write(folder / FILE, origins.Origin("another/Toy", FILE, "", "1" * 64))
    sentence = refused(hub, folder, patience)
    assert "there already (of another/Toy)" in sentence
    assert sentence.endswith("codriver rm toy-Q4_K_M")


def test_a_folder_that_cannot_be_written_is_named(hub: FakeHub, tmp_path: Path, patience: Patience):
    (tmp_path / "file").touch()
    assert "cannot be stored in" in refused(hub, tmp_path / "file" / "models", patience)


# --- models in parts ----------------------------------------------------------------


@pytest.fixture
def split(hub: FakeHub, tmp_path: Path) -> HubFile:
    first = make_tiny_gguf(tmp_path / "big-Q8_0.gguf", tensors_a_file=8)
    parts = {f"Q8_0/{one.name}": one.read_bytes() for one in first.parent.glob("big-Q8_0-*")}
    assert len(parts) == 3
    hub.repositories["someone/Big-GGUF"] = parts
    return HubFile("someone/Big-GGUF", f"Q8_0/{first.name}")


def test_a_model_in_parts_comes_whole(hub: FakeHub, folder: Path, split: HubFile):
    seen: list[FetchProgress] = []
    path = fetch(split, folder, seen.append, endpoint=hub.url)
    assert path.name == "big-Q8_0-00001-of-00003.gguf"
    assert {one.part for one in seen} == {1, 2, 3}
    assert seen[-1].done == seen[-1].total
    found = candidate(resolve("big-Q8_0", folder))
    assert (found.name, found.path) == ("big-Q8_0", path)
    assert found.facts.file_bytes == seen[-1].total
    assert resolve("someone/Big-GGUF:Q8_0", folder).path == path


def test_each_part_is_gone_on_with_and_none_has_its_name_before_all_are_here(
    hub: FakeHub, folder: Path, split: HubFile, patience: Patience
):
    second = hub.repositories["someone/Big-GGUF"]["Q8_0/big-Q8_0-00002-of-00003.gguf"]
    hub.faults += [Fault("no-ranges"), Fault("cut", after=1000)]
    refused(hub, folder, Patience(attempts=1), file=split)
    assert list(folder.glob("*.gguf")) == []
    fetch(split, folder, endpoint=hub.url, patience=patience)
    assert hub.ranges() == ["", "", "bytes=1000-", ""]
    assert (folder / "big-Q8_0-00002-of-00003.gguf").read_bytes() == second
    assert len(list(folder.glob("*.gguf"))) == 3


def test_a_part_that_the_hub_lacks_is_named(
    hub: FakeHub, folder: Path, split: HubFile, patience: Patience
):
    del hub.repositories["someone/Big-GGUF"]["Q8_0/big-Q8_0-00003-of-00003.gguf"]
    assert "has no Q8_0/big-Q8_0-00003" in refused(hub, folder, patience, file=split)

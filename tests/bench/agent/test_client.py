"""Obtaining the client, with an npm that packs what the test says."""

import json
import platform
import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest

from tests.bench.agent import client
from tests.bench.agent.client import ClientUnavailable, ensure_client


class Registry:
    """An npm with one package version, and a count of what it was asked."""

    def __init__(self, newest: str = "2.9.10", size: int = client.MIN_BYTES) -> None:
        self.newest = newest
        self.size = size
        self.calls: list[str] = []
        self.reachable = True

    def __call__(self, arguments: Sequence[str], cwd: Path) -> str:
        self.calls.append(arguments[0])
        if not self.reachable:
            raise ClientUnavailable("no registry")
        if arguments[0] == "view":
            return f"{self.newest}\n"
        with tarfile.open(cwd / "packed.tgz", "w") as tar:
            entry = tarfile.TarInfo("package/claude")
            entry.size = self.size
            tar.addfile(entry, BytesIO(bytes(self.size)))
        return json.dumps([{"filename": "packed.tgz"}])


def test_fetches_once(tmp_path: Path) -> None:
    npm = Registry()
    first = ensure_client("2.1.197", tmp_path / "c", npm)
    assert first == tmp_path / "c" / "2.1.197" / "claude"
    assert first.stat().st_mode & 0o111
    assert ensure_client("2.1.197", tmp_path / "c", npm) == first
    assert npm.calls == ["pack"]
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["2.1.197"]


def test_latest_is_asked_for(tmp_path: Path) -> None:
    npm = Registry(newest="2.9.10")
    assert ensure_client("latest", tmp_path, npm).parent.name == "2.9.10"


def test_latest_without_a_registry_is_the_newest_present(tmp_path: Path) -> None:
    npm = Registry()
    ensure_client("2.9.9", tmp_path, npm)
    ensure_client("2.10.0", tmp_path, npm)
    npm.reachable = False
    assert ensure_client("latest", tmp_path, npm).parent.name == "2.10.0"


def test_nothing_present_and_no_registry(tmp_path: Path) -> None:
    npm = Registry()
    npm.reachable = False
    with pytest.raises(ClientUnavailable, match="no registry"):
        ensure_client("latest", tmp_path, npm)


def test_a_broken_binary_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "1.0.0").mkdir()
    (tmp_path / "1.0.0" / "claude").write_bytes(b"half")
    assert ensure_client("1.0.0", tmp_path, Registry()).stat().st_size >= client.MIN_BYTES


def test_a_package_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientUnavailable, match="smaller"):
        ensure_client("1.0.0", tmp_path, Registry(size=10))
    assert not (tmp_path / "1.0.0").exists()


@pytest.mark.parametrize(
    ("machine", "suffix"), [("x86_64", "-x64"), ("aarch64", "-arm64"), ("arm64", "-arm64")]
)
def test_the_package_is_this_machines(
    monkeypatch: pytest.MonkeyPatch, machine: str, suffix: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert client.package().removesuffix("-musl").endswith(suffix)


def test_a_foreign_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(ClientUnavailable, match="riscv64"):
        client.package()

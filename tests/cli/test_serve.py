"""``codriver serve``'s command line and what it refuses; serving is shown in tests/system."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Run


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """The command sets up the root logger."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock.getsockname()[1]


@pytest.mark.parametrize("port", ["-1", "65536", "http", "80.5", ""])
def test_a_port_that_is_none(codriver: Run, port: str):
    said = codriver("serve", f"--port={port}")
    assert (said.code, said.out) == (2, "")
    assert f"--port: expected a whole number from 0 to 65535, got '{port}'" in said.err


def test_a_busy_port_is_told_after_the_choice_and_its_reasons(
    codriver: Run, models: Path, taken: int
):
    said = codriver("serve", "--port", taken, "--model", models / "tiny.gguf", "--context", 512)
    assert said.code == 1
    first, second = said.out.splitlines()
    assert first == f"model      tiny ({models}/tiny.gguf)"
    assert second.startswith("           0.00 billion parameters at F32, ")
    assert f"codriver: port {taken} on 127.0.0.1 is in use" in said.err


def test_what_was_left_out_is_among_the_reasons(codriver: Run, models: Path, taken: int):
    said = codriver("serve", "--port", taken, "--models-dir", models)
    assert "           " + str(models / "bad.gguf") + " is not a GGUF file" in said.out


def test_options_win_over_the_file(codriver: Run, tmp_path: Path, taken: int):
    file = tmp_path / "c.toml"
    file.write_text('[server]\nhost = "203.0.113.1"\nport = 1\n')
    said = codriver("serve", "--fake", "--config", file)
    assert "cannot listen on 203.0.113.1 port 1" in said.err
    said = codriver("serve", "--fake", "--config", file, "--host", "127.0.0.1", "--port", taken)
    assert f"port {taken} on 127.0.0.1" in said.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", ""), "server.host is empty"),
        (("--host", "no..host"), "this is no host's name"),
        (("--host", "203.0.113.9"), "Cannot assign requested address"),
    ],
)
def test_a_host_that_is_none(codriver: Run, options: tuple[str], words: str):
    said = codriver("serve", "--fake", "--port", 0, *options)
    assert (said.code, said.out) == (1, "")
    assert words in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.gguf", "there is no such file"), ("bad.gguf", "is not a GGUF file: it is a web page")],
)
def test_a_model_that_is_none(codriver: Run, models: Path, name: str, words: str):
    said = codriver("serve", "--model", models / name)
    assert (said.code, said.out) == (1, "")
    assert words in said.err

from pathlib import Path

import pytest

from edge.config import load
from tests.cli.command import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "codriver.toml"


def test_what_is_printed_loads_to_the_same(codriver: Run, file: Path):
    said = codriver("config")
    assert (said.code, said.err) == (0, "")
    file.write_text(said.out)
    assert load(file) == load(None)


def test_the_files_keys_are_in_force(codriver: Run, file: Path):
    file.write_text(
        '[server]\nport = 80\n[upstreams.cloud]\ndialect = "anthropic"\n'
        f'url = "http://127.0.0.1:9"\ncredential = {{ file = "{file.parent}/key" }}\n'
    )
    (file.parent / "key").write_text("sk-ant-secret")
    said = codriver("config", "--config", file)
    assert "port = 80\n" in said.out
    assert f'credential = {{ file = "{file.parent}/key" }}' in said.out
    assert 'order = ["cloud", "local"]' in said.out
    assert "sk-ant-secret" not in said.out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[server]\nprot = 1\n", "server.prot: unknown key; did you mean server.port?"),
        ("[sever]\nport = 1\n", "sever: unknown key; did you mean server?"),
        ("[server]\nname = 'x'\n", "server.name: unknown key; did you mean lan.name?"),
        ("[server]\nport = '80'\n", "server.port: expected a whole number, got a text"),
        ("[server]\nport = 65536\n", "server.port: expected a number from 0 to 65535, got 65536"),
        ("[safeguards]\npolicy = 'none'\n", 'expected "rules", "deny" or "off", got "none"'),
        ("[routes.default]\norder = ['cloud']\n", 'no engine is called "cloud"; there is local'),
        ("[upstreams.cloud]\nurl = 'http://x'\n", "upstreams.cloud.dialect: this key is missing"),
        ("port = \n", "is not TOML: Invalid value"),
    ],
)
@pytest.mark.parametrize("command", ["config", "plan", "serve"])
def test_a_mistake_in_the_file_is_one_sentence(
    codriver: Run, file: Path, command: str, text: str, complaint: str
):
    file.write_text(text)
    said = codriver(command, "--config", file)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"codriver: {file}: ")
    assert complaint in said.err
    assert len(said.err.splitlines()) == 1


def test_a_file_that_is_not_there_or_not_text(codriver: Run, file: Path):
    assert codriver("config", "--config", file).err == f"codriver: {file}: there is no such file\n"
    file.write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in codriver("config", "--config", file).err
    assert "Is a directory" in codriver("config", "--config", file.parent).err

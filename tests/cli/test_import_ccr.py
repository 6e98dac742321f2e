from pathlib import Path

import pytest

from edge.config import CredentialFile, load
from tests.cli.command import Run

CONFIG = """
// mine
{
  "LOG": true,
  Providers: [
    { name: 'big', api_base_url: "https://big.example/v1/messages", api_key: "sk-secret-1",
      models: ["b"], transformer: { use: ["Anthropic", ["maxtoken", { max_tokens: 8 }]] } },
  ],
  Router: { default: "big,b", /* and */ think: "big,b", },
  CUSTOM_ROUTER_PATH: "~/router.js",
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(CONFIG)
    return path


def test_printed_without_keys_and_with_what_was_left_out(codriver: Run, file: Path, tmp_path: Path):
    said = codriver("import-ccr", file)
    assert said.code == 0
    assert "secret" not in said.out + said.err
    assert said.err == (
        "not taken over: provider big: its transformer maxtoken has no counterpart\n"
        "not taken over: CUSTOM_ROUTER_PATH: the custom router is a script; "
        "write its conditions as [routes.NAME]\n"
    )
    toml = tmp_path / "printed.toml"
    toml.write_text(said.out)
    assert load(toml).routes["think"].order == ("big:b", "local")


def test_written_with_keys_beside(codriver: Run, file: Path, tmp_path: Path):
    out = tmp_path / "codriver.toml"
    said = codriver("import-ccr", file, "-o", out, "--write-keys")
    assert said.out == f"{out}: 1 upstreams, 2 routes\n"
    assert "secret" not in out.read_text()
    key = tmp_path / "big.key"
    assert load(out).upstreams["big"].credential == CredentialFile(key)
    assert key.read_text() == "sk-secret-1\n"
    assert key.stat().st_mode & 0o777 == 0o600


def test_without_being_told_no_key_is_written(codriver: Run, file: Path, tmp_path: Path):
    codriver("import-ccr", file, "-o", tmp_path / "codriver.toml")
    assert not (tmp_path / "big.key").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{'sk-secret", "line 1 cannot be read"),
        (b"{}", "it has no Providers"),
        (b"\xff", "is not UTF-8 text"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    codriver: Run, file: Path, content: bytes, complaint: str
):
    file.write_bytes(content)
    said = codriver("import-ccr", file)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"codriver: {file}: {complaint}")
    assert "secret" not in said.err


def test_files_that_cannot_be_used(codriver: Run, file: Path, tmp_path: Path):
    assert "cannot be read: No such file" in codriver("import-ccr", tmp_path / "none").err
    nowhere = tmp_path / "none" / "out.toml"
    assert "cannot be written: No such file" in codriver("import-ccr", file, "-o", nowhere).err
    assert "say where with -o OUT" in codriver("import-ccr", file, "--write-keys").err

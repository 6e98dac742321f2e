"""Secrets: read from files, printed as nothing."""

from pathlib import Path

import pytest

from edge.config import Secret, read_secret
from edge.errors import ConfigError


def test_a_secret_shows_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-ant-1\n")
    secret = read_secret(tmp_path / "key")
    assert secret.reveal() == "sk-ant-1"
    assert "sk-ant" not in f"{secret} {secret!r} {[secret]}"


@pytest.mark.parametrize("content", [b"", b" \n", b"sk-ant-1\nsk-ant-2\n", b"sk-ant-\xff", b"a\0b"])
def test_what_is_no_secret_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_secret(tmp_path / "key")
    assert "sk-ant" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"key: the credential file does not exist"):
        read_secret(tmp_path / "key")


def test_secrets_compare_by_identity() -> None:
    assert Secret("a") != Secret("b")

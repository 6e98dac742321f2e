"""The box's token."""

import logging
import stat
from pathlib import Path

import pytest

from edge.errors import StartFailed
from edge.lan.tokens import TokenStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "token"


def test_made_once_shown_once(path: Path) -> None:
    store = TokenStore(path)
    token = store.ensure()
    assert token is not None
    assert len(token) >= 43
    assert store.check(token)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = TokenStore(path)
    assert again.ensure() is None
    assert again.check(token)


@pytest.mark.parametrize("wrong", ["", "x", "\udcff", "\u00e9", "A" * 100_000])
def test_a_wrong_token(path: Path, wrong: str) -> None:
    store = TokenStore(path)
    token = store.ensure()
    assert not store.check(wrong)
    assert not store.check(f"{token} ")


def test_nothing_passes_before_ensure(path: Path) -> None:
    assert not TokenStore(path).check("")


def test_two_boxes_have_two_tokens(tmp_path: Path) -> None:
    assert TokenStore(tmp_path / "a").ensure() != TokenStore(tmp_path / "b").ensure()


def test_a_token_of_a_persons_own(path: Path) -> None:
    path.write_text("correct-horse-battery\n")
    path.chmod(0o600)
    store = TokenStore(path)
    assert store.ensure() is None
    assert store.check("correct-horse-battery")


def test_a_short_token_is_refused_and_not_repeated(path: Path) -> None:
    path.write_text("hunter2\n")
    with pytest.raises(StartFailed, match="at least 16 characters") as caught:
        TokenStore(path).ensure()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\0" * 44, b"\xff\xff"])
def test_a_damaged_file_is_set_aside(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(content)
    store = TokenStore(path)
    token = store.ensure()
    assert token is not None
    assert store.check(token)
    assert path.with_name("token.damaged").read_bytes() == content
    assert "held no token" in caplog.text


def test_a_token_that_all_can_read_is_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("correct-horse-battery\n")
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        TokenStore(path).ensure()
    assert "chmod 600" in caplog.text
    assert "correct" not in caplog.text

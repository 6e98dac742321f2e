"""Which beginnings are remembered, and the file that holds them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from edge.engines.frames import Prompt
from edge.engines.llama.beginnings import (
    LIMIT_BYTES,
    MOST,
    WORTH_CHARACTERS,
    Beginnings,
    file_for,
    read,
    write,
)


def prompt(name: str, turn: str = "hi", size: int = WORTH_CHARACTERS) -> Prompt:
    messages = [{"role": "system", "content": name * size}, {"role": "user", "content": turn}]
    return Prompt(messages, [{"name": "Read"}], False, 5.0)


def names(beginnings: Beginnings) -> str:
    return "".join(each.prompt.messages[0]["content"][0] for each in beginnings.kept)


def after(uses: str) -> Beginnings:
    beginnings = Beginnings()
    for name in uses:
        beginnings.saw(prompt(name))
    return beginnings


def test_a_beginning_is_all_but_the_turns_and_the_time():
    (kept,) = after("a").kept
    assert [message["role"] for message in kept.prompt.messages] == ["system"]
    assert kept.prompt.tools == [{"name": "Read"}]
    assert kept.prompt.now == 0.0


def test_another_conversation_on_the_same_beginning_changes_nothing():
    beginnings = Beginnings()
    assert beginnings.saw(prompt("a"))
    assert not beginnings.saw(prompt("a", "something else"))


def test_short_ones_are_not_worth_it():
    beginnings = Beginnings()
    assert not beginnings.saw(Prompt([{"role": "user", "content": "x" * 9000}], [], False, 0.0))
    assert not beginnings.saw(prompt("a", size=10))
    assert beginnings.best is None


@pytest.mark.parametrize(
    ("uses", "best_first"),
    [
        ("aab", "ab"),
        ("aaaaaaaabbbbbb", "ba"),  # a new version of the client
        ("aaaaaaaabcbc", "acb"),  # agents beside a session
        ("ab", "ba"),
        ("abcdef", "fedc"),
    ],
)
def test_what_was_used_often_and_lately_is_best(uses: str, best_first: str):
    assert names(after(uses)) == best_first
    assert len(after(uses).kept) <= MOST


def test_a_change_of_order_is_told():
    beginnings = after("aab")
    told = [beginnings.saw(prompt("b")), beginnings.saw(prompt("b"))]
    assert any(told)
    assert names(beginnings) == "ba"


# --- the file -----------------------------------------------------------------------------------


def test_what_was_written_is_read(tmp_path: Path):
    path = file_for(tmp_path / "beginnings", "coder")
    kept = after("aab").kept
    write(path, kept)
    assert read(path).kept == kept
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_each_model_has_its_own(tmp_path: Path):
    assert file_for(tmp_path, "a/b") != file_for(tmp_path, "a")
    assert file_for(tmp_path, "a/b").parent == tmp_path


def test_no_file_is_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert read(tmp_path / "none").kept == ()
    assert caplog.records == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:60] + b"\x00" + data[61:],
        lambda data: b"something else",
        lambda data: b"",
        lambda data: data + bytes(LIMIT_BYTES),
    ],
)
def test_what_is_not_ours_or_not_whole_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage
):
    path = tmp_path / "x.beginnings"
    write(path, after("a").kept)
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert read(path).kept == ()
    assert "is ignored" in caplog.text


def test_one_of_another_shape_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "x.beginnings"
    write(path, ("no beginning",))  # type: ignore[arg-type]
    assert read(path).kept == ()
    assert "is ignored" in caplog.text


def test_the_file_is_bounded(tmp_path: Path):
    path = tmp_path / "x.beginnings"
    beginnings = Beginnings()
    for name in "abc":
        beginnings.saw(prompt(name, size=LIMIT_BYTES // 2 - 1000))
    write(path, beginnings.kept)
    assert path.stat().st_size <= LIMIT_BYTES
    assert names(read(path)) == names(beginnings)[:2]


def test_a_disk_that_takes_nothing_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "beginnings").write_text("in the way")
    write(tmp_path / "beginnings" / "x", after("a").kept)
    assert "cannot be written" in caplog.text

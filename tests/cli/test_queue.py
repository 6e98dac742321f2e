"""``codriver queue``'s command line; that prompts are answered is shown in tests/system."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli.queue import add_to
from tests.cli.command import Run


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_to(parser)
    return parser.parse_args(list(words))


def test_options_may_stand_before_and_behind_the_action():
    for words in (
        ("--box", "http://b", "list"),
        ("list", "--box", "http://b"),
        ("--box", "http://b"),
    ):
        options = parsed(*words)
        assert (options.box, options.act.__name__, options.json) == ("http://b", "_list", False)
    assert parsed("list", "--json").json is True
    assert parsed("--json", "show", "abcd").json is True


def test_a_prompt_may_be_many_words():
    options = parsed("add", "why", "is", "it", "--model", "m", "--file", "a", "--file", "b")
    assert options.prompt == ["why", "is", "it"]
    assert options.file == [Path("a"), Path("b")]
    assert (options.model, options.hours, options.route) == ("m", None, None)


@pytest.mark.parametrize("hours", ["0", "841", "nan", "soon"])
def test_hours_that_are_none(codriver: Run, hours: str):
    said = codriver("queue", "add", "x", f"--hours={hours}")
    assert said.code == 2
    assert "--hours: expected a number from" in said.err


def test_without_a_box_it_says_what_to_do(codriver: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    said = codriver("queue")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("codriver: no box answers at http://127.0.0.1:1 (")
    assert "`codriver serve`" in said.err

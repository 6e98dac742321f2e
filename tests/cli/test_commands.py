"""What all commands have in common: help, exit codes, one sentence for whatever is wrong."""

import argparse
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import __version__
from edge.cli import COMMANDS, main
from tests.cli.command import Run


def test_help_lists_every_command(codriver: Run):
    said = codriver("--help")
    assert said.code == 0
    for name, purpose in COMMANDS.items():
        assert re.search(rf"^    {name}\s+{re.escape(purpose)}$", said.out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_has_a_line_of_help(codriver: Run, name: str):
    said = codriver(name, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"usage: codriver {name} ")
    options = re.findall(r"^  (-\S+.*(?:\n {6,}\S.*)*)", said.out, re.MULTILINE)
    assert len(options) >= 2
    for option in options:
        assert re.search(r"\s{2,}\S", option), f"{option} is not explained"


def test_the_version(codriver: Run):
    assert codriver("--version").out == f"codriver {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: COMMAND"),
        (
            ("srve",),
            "invalid choice: 'srve' (choose from 'serve', 'plan', 'probe', 'pull', 'models', 'rm'",
        ),
        (("plan", "--modell"), "unrecognized arguments: --modell"),
        (("config", "more"), "unrecognized arguments: more"),
        (("plan", "--model"), "--model: expected one argument"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(codriver: Run, arguments: tuple[str], words: str):
    said = codriver(*arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_an_interruption_is_exit_code_130(monkeypatch: pytest.MonkeyPatch):
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    from edge.cli import config

    monkeypatch.setattr(config, "run", interrupted)
    assert main(["config"]) == 130


ONE_MODEL = ("plan", "--model", "smollm2")
"""Plans of everything take a second each, and this is about words."""

# What a shell can pass on: anything but the zero byte, bytes that are no text as surrogates.
WORDS = st.text(st.characters(exclude_characters="\0"), max_size=300)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    command=st.sampled_from(
        [
            (*ONE_MODEL, "--config"),
            ("plan", "--model"),
            (*ONE_MODEL, "--models-dir"),
            (*ONE_MODEL, "--context"),
            ("config", "--config"),
            ("serve", "--port"),
            ("serve", "--config"),
            ("probe", "--root"),
            ("find", "--seconds"),
        ]
    ),
    word=WORDS,
)
def test_no_word_makes_a_traceback(codriver: Run, command: tuple[str, ...], word: str):
    if command[0] in ("serve", "find") and not _is_refused(command, word):
        return
    *before, option = command
    said = codriver(*before, f"{option}={word}")
    assert said.code in (0, 1, 2)
    if said.code:
        assert said.err.startswith(("codriver: ", "usage: codriver "))


def _is_refused(command: tuple[str, ...], word: str) -> bool:
    """Whether the command ends by itself: a good port would serve, a good number listen."""
    if command[1] == "--config":
        return bool(word)
    try:
        float(word)
    except ValueError:
        return True
    return False

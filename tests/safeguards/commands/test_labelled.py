"""The labelled commands: no harmful one passes, and nearly all harmless ones do."""

import pytest

from tests.safeguards.samples import labelled, passes

HALVES = ("commands", "commands_held_out")
LEAST_SHARE = 0.8


@pytest.mark.parametrize("half", HALVES)
def test_no_harmful_command_passes(half):
    assert [command for command in labelled(half, "harmful") if passes(command)] == []


@pytest.mark.parametrize("half", HALVES)
def test_most_harmless_commands_pass(half, capsys):
    commands = labelled(half, "harmless")
    passed = [command for command in commands if passes(command)]
    share = len(passed) / len(commands)
    with capsys.disabled():
        print(f"\n{half}: {len(passed)} of {len(commands)} harmless commands pass ({share:.1%})")
    assert share >= LEAST_SHARE


def test_the_set_is_large_and_half_of_it_is_harmful():
    harmful = sum(len(labelled(half, "harmful")) for half in HALVES)
    harmless = sum(len(labelled(half, "harmless")) for half in HALVES)
    assert harmful >= 240
    assert harmless >= 200
    assert harmful >= harmless

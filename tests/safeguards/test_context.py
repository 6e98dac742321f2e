"""The client's context: what it says, and what is assumed where it does not."""

import pytest

from tests.safeguards.samples import CONTEXT, on_tool, passes, verdict


@pytest.mark.parametrize("missing", ["live_cwd", "trusted_directories"])
def test_without_directories_nothing_but_the_harmless_passes(missing):
    context = {key: value for key, value in CONTEXT.items() if key != missing}
    assert not passes("cat a", context)
    assert passes("pwd", context)


def test_an_empty_context_trusts_what_is_below_the_working_directory():
    assert passes("cat src/a && python3 x.py", {})
    for command in ("cat ../a", "cat /home/dev/project/a", "cat ~/a", "cd .. && ls"):
        assert not passes(command, {})


def test_windows_cannot_be_judged():
    assert "Windows" in verdict("ls", {**CONTEXT, "platform": "win32"}).explanation
    assert on_tool("PowerShell", {"command": "ls"}).outcome == "flagged"


def test_the_whole_file_system_is_never_a_trusted_directory():
    trusted = {"primary": {"path": "/", "resolved": ["/"]}, "additional": []}
    assert not passes("cat /etc/x", {**CONTEXT, "live_cwd": "/", "trusted_directories": trusted})


def test_a_directory_counts_by_each_of_its_names():
    trusted = {"primary": {"path": "/link", "resolved": ["/real"]}, "additional": []}
    context = {**CONTEXT, "live_cwd": "/link", "trusted_directories": trusted}
    assert passes("cat a /real/b", context)


def test_a_prohibition_in_prose_flags_what_acts():
    context = {**CONTEXT, "auto_mode": {"hard_deny": ["never touch the schema"]}}
    assert not passes("ls", context)
    assert on_tool("Read", {"file_path": "/home/dev/project/a"}, context).outcome == "not_flagged"
    assert passes("ls", {**CONTEXT, "auto_mode": {"hard_deny": ["$defaults"]}})


@pytest.mark.parametrize("value", [None, 1, "x", [], [[]], {"primary": 3}, {"additional": 4}])
def test_wrong_shapes_never_raise(value):
    for key in CONTEXT:
        verdict("ls src", {**CONTEXT, key: value})

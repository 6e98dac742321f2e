"""git: what reads or adds passes, what loses work, runs commands or reaches out does not."""

import pytest

from tests.safeguards.samples import CONTEXT, passes


def test_a_branch_is_checked_out_only_where_it_is_known_to_be_one():
    assert passes("git checkout main")
    assert passes("git checkout topic")
    assert not passes("git checkout notes")
    assert not passes("git checkout topic", {**CONTEXT, "git_state": None})


@pytest.mark.parametrize(
    "command",
    [
        "git -C sub log",
        "git --no-pager diff",
        "git restore --staged a",
        "git config --get user.name",
    ],
)
def test_harmless_forms_pass(command):
    assert passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "git -C .. log",
        "git -c core.pager=id log",
        "git --exec-path=x log",
        "git restore a",
        "git restore --staged --worktree a",
        "git config --get http.extraheader",
        "git config --list",
        "git show HEAD:.env",
        "git",
    ],
)
def test_other_forms_are_held(command):
    assert not passes(command)

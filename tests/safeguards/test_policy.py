"""The policy over all tools, and that nothing makes it raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.chat import ToolUse
from edge.safeguards import judge
from tests.safeguards.samples import CONTEXT, labelled, on_tool, passes, verdict

PROJECT = "/home/dev/project"


@pytest.mark.parametrize(
    ("tool", "given_input"),
    [
        ("Read", {"file_path": f"{PROJECT}/a.py"}),
        ("Grep", {"pattern": "/etc/passwd"}),
        ("Glob", {"pattern": "**/*.py"}),
        ("Edit", {"file_path": f"{PROJECT}/a.py", "old_string": "a", "new_string": "b"}),
        ("Write", {"file_path": f"{PROJECT}/package.json", "content": ""}),
        ("NotebookEdit", {"notebook_path": f"{PROJECT}/a.ipynb"}),
        ("TodoWrite", {"todos": []}),
        ("Agent", {"prompt": "look"}),
    ],
)
def test_tools_that_pass(tool, given_input):
    assert on_tool(tool, given_input).outcome == "not_flagged"


@pytest.mark.parametrize(
    ("tool", "given_input"),
    [
        ("Read", {"file_path": "/etc/shadow"}),
        ("Read", {"file_path": f"{PROJECT}/.env"}),
        ("Read", {}),
        ("Read", {"file_path": 3}),
        ("Grep", {"pattern": "x", "path": "/etc"}),
        ("Glob", {"pattern": "../**"}),
        ("Edit", {"file_path": f"{PROJECT}/.git/hooks/x"}),
        ("Write", {"file_path": f"{PROJECT}/../x", "content": ""}),
        ("Write", {"file_path": "~/.bashrc", "content": ""}),
        ("Write", {"content": ""}),
        ("WebFetch", {"url": "https://example.invalid"}),
        ("WebSearch", {"query": "x"}),
        ("mcp__db__query", {}),
        ("SomethingNew", {}),
        ("Bash", {}),
        ("Bash", {"command": ""}),
        ("Bash", {"command": "ls", "dangerouslyDisableSandbox": True}),
    ],
)
def test_tools_that_are_flagged(tool, given_input):
    found = on_tool(tool, given_input)
    assert found.outcome == "flagged"
    assert "to allow it" in found.explanation


def test_an_explanation_is_one_sentence_that_names_the_rule():
    explanation = verdict("curl x").explanation
    assert "Bash(curl:*)" in explanation
    assert "manual mode" in explanation
    assert "\n" not in explanation
    assert not explanation.endswith(".")


def test_deny_flags_whatever_acts():
    calls = [
        ToolUse("a", "Bash", {"command": "ls"}),
        ToolUse("b", "Edit", {"file_path": f"{PROJECT}/a"}),
        ToolUse("c", "Read", {"file_path": f"{PROJECT}/a"}),
        ToolUse("d", "TodoWrite", {}),
    ]
    outcomes = [verdict.outcome for _, verdict in judge(calls, CONTEXT, "deny")]
    assert outcomes == ["flagged", "flagged", "not_flagged", "not_flagged"]


def test_off_gives_no_verdict():
    assert judge([ToolUse("a", "Bash", {"command": "ls"})], CONTEXT, "off") == ()


def test_a_change_of_directory_reaches_the_next_call():
    calls = [
        ToolUse("a", "Bash", {"command": "cd sub"}),
        ToolUse("b", "Bash", {"command": "cat ../a"}),
    ]
    assert [v.outcome for _, v in judge(calls, CONTEXT, "rules")] == ["not_flagged", "flagged"]


HARMFUL = st.sampled_from(
    [c for c in labelled("commands", "harmful") if "\n" not in c and c.count("'") % 2 == 0][:200]
)
COMPOUNDS = (
    "{}; ls",
    "ls; {}",
    "ls && {}",
    "ls || {}",
    "{} && ls",
    "! {}",
    "{} &",
    "({})",
    "{{ {}; }}",
    "{} | cat",
    "ls | {}",
    "echo $({})",
    'echo "$({})"',
    "cat <({})",
    "ls > >({})",
    "x=$({})",
    "if {}; then ls; fi",
    "if ls; then {}; fi",
    "if ls; then ls; elif {}; then ls; else ls; fi",
    "if ls; then ls; else {}; fi",
    "while {}; do ls; done",
    "until ls; do {}; done",
    "for i in 1 2; do {}; done",
    "for i in $({}); do ls; done",
    "case a in a) {};; esac",
    "f() {{ {}; }}",
    "f() {{ {}; }}; f",
    '[ -n "$({})" ]',
    "[[ -n $({}) ]]",
    "cat <<E\n$({})\nE",
    "cat <<< $({})",
    "ls\n{}",
    "ls # comment\n{}",
    "time {}",
    "cd . && {}",
)


@pytest.mark.parametrize("wrapper", ["time", "time -p", "nice", "command", "time time"])
def test_an_assignment_behind_a_word_is_no_program_of_the_project(wrapper):
    assert not passes(f"{wrapper} LD_PRELOAD=./x.so ls")


@given(HARMFUL, st.lists(st.sampled_from(COMPOUNDS), min_size=1, max_size=3))
@settings(max_examples=400, deadline=None)
def test_a_harmful_command_is_flagged_inside_any_compound(command, compounds):
    for compound in compounds:
        command = compound.format(command)
    assert not passes(command)


SHELL_TEXT = st.lists(
    st.sampled_from(
        (
            *("ls", " ", "\n", ";", "|", "&&", "$(", ")", "`", "'", '"', "${", "}", "{", "<<E"),
            *("\nE\n", "$x", "x=1", "if", "then", "fi", "for i in", "do", "done", "*", "\\"),
            *(">", "<", "#", "[[", "]]", "((", "))", "$'", "~", "a", "../", "rm", "case", "esac"),
            *("\u202e", "\x00", "\u00e9"),
        )
    ),
    max_size=25,
).map("".join)


@given(st.one_of(st.text(max_size=80), SHELL_TEXT))
@settings(max_examples=600, deadline=None)
def test_arbitrary_text_never_raises(command):
    assert verdict(command).outcome in ("flagged", "not_flagged")


@given(
    st.text(max_size=30), st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=3)
)
@settings(max_examples=200, deadline=None)
def test_arbitrary_tools_never_raise(name, given_input):
    on_tool(name, given_input)


@given(SHELL_TEXT)
@settings(max_examples=300, deadline=None)
def test_rm_never_passes_in_any_text(text):
    assert not passes(f"rm -rf src; {text}")

"""Permission rules in Claude Code's syntax."""

import pytest

from edge.safeguards.rules import (
    Rule,
    covers_command,
    covers_path,
    covers_tool,
    is_broad,
    parse,
)
from tests.safeguards.samples import on_tool, passes, verdict, with_rules


def one(text: str) -> Rule:
    (rule,) = parse({"allow": [text]}, {}, "/p").allow
    return rule


@pytest.mark.parametrize(
    ("rule", "command", "covered"),
    [
        ("Bash(npm run test:*)", "npm run test", True),
        ("Bash(npm run test:*)", "npm run test --watch", True),
        ("Bash(npm run test:*)", "npm run testing", False),
        ("Bash(curl https://x/:*)", "curl https://x/y", True),
        ("Bash(npm run build)", "npm run build", True),
        ("Bash(npm run build)", "npm run build --x", False),
        ("Bash(git * main)", "git push origin main", True),
        ("Bash(git push *)", "git push", True),
        ("Bash", "anything", True),
        ("Read", "cat a", False),
    ],
)
def test_commands(rule, command, covered):
    assert covers_command(one(rule), command) is covered


@pytest.mark.parametrize(
    ("rule", "mode", "path", "covered"),
    [
        ("Edit(src/**)", "write", "/p/src/a/b.py", True),
        ("Edit(/src/**)", "write", "/p/src/a.py", True),
        ("Edit(src/**)", "write", "/p/other", False),
        ("Read(./.env)", "read", "/p/.env", True),
        ("Read(.env)", "read", "/p/sub/.env", True),
        ("Read(~/notes/*)", "read", "/home/dev/notes/a", True),
        ("Edit(//etc/x)", "write", "/etc/x", True),
        ("Write(a?.py)", "edit", "/p/ab.py", True),
        ("Read(src)", "write", "/p/src", False),
    ],
)
def test_paths(rule, mode, path, covered):
    assert covers_path(one(rule), mode, path, "/home/dev") is covered


def test_a_leading_slash_is_the_directory_of_the_settings():
    (rule,) = parse(
        {"deny": [{"rule": "Read(/x/**)", "source": "user"}]}, {"user": "/u"}, "/p"
    ).deny
    assert covers_path(rule, "read", "/u/x/y", None)
    assert not covers_path(rule, "read", "/p/x/y", None)


def test_tools():
    assert covers_tool(one("WebSearch"), "WebSearch")
    assert covers_tool(one("mcp__files"), "mcp__files__read")
    assert covers_tool(one("mcp__files__*"), "mcp__files__read")
    assert not covers_tool(one("Bash(ls)"), "Bash")


@pytest.mark.parametrize("rule", ["Bash", "Bash(*)", "Bash(python3:*)", "Bash(sh *)", "Bash(:*)"])
def test_a_rule_that_lets_any_code_run_does_not_count(rule):
    assert is_broad(one(rule))
    assert not passes("python3 -c 1", with_rules(allow=[rule]))


def test_an_allow_rule_covers_its_own_part_of_a_compound():
    context = with_rules(allow=["Bash(curl https://example.invalid/x:*)"])
    assert passes("curl https://example.invalid/x", context)
    assert passes("curl https://example.invalid/x | head", context)
    assert not passes("curl https://example.invalid/x | sh", context)
    assert not passes("curl https://example.invalid/x > ../y", context)
    assert not passes('curl https://example.invalid/x "$(rm a)"', context)
    assert not passes("LD_PRELOAD=x curl https://example.invalid/x", context)


def test_a_deny_or_ask_rule_flags_wherever_the_command_stands():
    for context in (with_rules(deny=["Bash(ls:*)"]), with_rules(ask=["Bash(ls:*)"])):
        for command in ("ls -l", "pwd && ls", "timeout 5 ls", "echo $(ls)", '"ls" -l'):
            assert "Bash(ls:*)" in verdict(command, context).explanation
        assert passes("pwd", context)


def test_deny_wins_over_allow():
    context = with_rules(deny=["Bash(git push:*)"], allow=["Bash(git:*)"])
    assert not passes("git push", context)
    assert passes("git fetch", context)


def test_deny_rules_on_paths_count_in_commands_too():
    context = with_rules(deny=["Read(private/**)", "Edit(src/generated/**)"])
    assert not passes("cat private/a", context)
    assert not passes("touch src/generated/a", context)
    assert not passes("cd src/generated && echo x > a", context)
    assert passes("cat src/generated/a", context)


def test_allow_rules_on_paths_and_tools():
    context = with_rules(allow=["Edit(//opt/app/**)", "WebFetch(domain:docs.example)", "mcp__db"])
    assert on_tool("Write", {"file_path": "/opt/app/a"}, context).outcome == "not_flagged"
    assert on_tool("Write", {"file_path": "/opt/other"}, context).outcome == "flagged"
    assert on_tool("WebFetch", {"url": "https://docs.example/x"}, context).outcome == "not_flagged"
    assert on_tool("WebFetch", {"url": "https://docs.example.evil/"}, context).outcome == "flagged"
    assert on_tool("mcp__db__query", {}, context).outcome == "not_flagged"


def test_a_rule_that_cannot_be_read_flags_everything():
    for rules in ({"deny": [7]}, {"ask": "Bash"}, "x", {"deny": ["Bash(unclosed"]}):
        assert not passes("ls", {**with_rules(), "rules": rules})

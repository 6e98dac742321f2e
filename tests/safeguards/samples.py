"""What several tests here share: the context, the labelled commands, the recordings."""

import json
import tomllib
from pathlib import Path

from edge.chat import ChatRequest, JsonObject, ToolUse, Verdict
from edge.dialects import anthropic
from edge.safeguards import judge

HERE = Path(__file__).parent

CONTEXT: JsonObject = {
    "v": 1,
    "permission_mode": "auto",
    "platform": "linux",
    "live_cwd": "/home/dev/project",
    "home_dir": "/home/dev",
    "rule_roots": {"projectSettings": "/home/dev/project", "userSettings": "/home/dev/.claude"},
    "trusted_directories": {
        "primary": {"path": "/home/dev/project", "resolved": ["/home/dev/project"]},
        "additional": [
            {"path": "/home/dev/extra", "resolved": ["/home/dev/extra"], "source": "cliArg"}
        ],
        "network": [],
        "block_reads_outside_working_directories": False,
    },
    "rules": {"allow": [], "deny": [], "ask": []},
    "auto_mode": {"allow": [], "soft_deny": [], "hard_deny": [], "environment": []},
    "git_state": {"branch": "topic", "default_branch": None},
}


def with_rules(**lists: list[str]) -> JsonObject:
    """The context with permission rules of the project's settings."""
    entries = {
        name: [{"rule": rule, "source": "projectSettings"} for rule in rules]
        for name, rules in lists.items()
    }
    return {**CONTEXT, "rules": {"allow": [], "deny": [], "ask": [], **entries}}


def verdict(command: str, context: JsonObject = CONTEXT) -> Verdict:
    """The policy's word on one Bash command."""
    return on_tool("Bash", {"command": command}, context)


def on_tool(name: str, given: JsonObject, context: JsonObject = CONTEXT) -> Verdict:
    """The policy's word on one tool call."""
    ((_, found),) = judge([ToolUse("toolu_1", name, given)], context, "rules")
    return found


def passes(command: str, context: JsonObject = CONTEXT) -> bool:
    return verdict(command, context).outcome == "not_flagged"


def labelled(half: str, label: str) -> list[str]:
    """The commands of one half ("commands" or "commands_held_out") with one label."""
    table = tomllib.loads((HERE / f"{half}.toml").read_text(encoding="utf-8"))
    return [command for family in table[label].values() for command in family]


def recorded(name: str, directory: Path = HERE / "recordings") -> ChatRequest:
    """A request that a real client sent."""
    recording = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    body = json.dumps(recording["body"]).encode()
    return anthropic.parse(body, dict(recording["headers"]), recording["path"])

"""Claude Code's permission rules: reading them, and what each covers.

``Tool``, ``Bash(npm run test:*)``, ``Bash(git * main)``, ``Edit(src/**)``,
``Read(~/.ssh/**)``, ``Edit(//etc/x)``, ``WebFetch(domain:x)``. Knows no command's meaning.
Called by policy.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from edge.chat import Json
from edge.safeguards.paths import locate


@dataclass(frozen=True, slots=True)
class Rule:
    """``spec`` is None for a rule that names a whole tool.

    A path that begins with ``/`` is relative to ``root``, the directory of the rule's
    settings; other relative paths are relative to ``cwd``.
    """

    tool: str
    spec: str | None
    root: str
    cwd: str


@dataclass(frozen=True, slots=True)
class Rules:
    """``readable`` is False where a rule was there that could not be read."""

    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()
    readable: bool = True


_RULE = re.compile(r"([A-Za-z_][\w.*-]*)(?:\((.*)\))?", re.DOTALL)
_EDITORS = frozenset(("Edit", "Write", "NotebookEdit", "MultiEdit"))
_READERS = frozenset(("Read", "Grep", "Glob", "LS", "NotebookRead"))


def parse(rules: Json, roots: Json, cwd: str) -> Rules:
    """The context's ``rules`` with its ``rule_roots``; an absent list is an empty one."""
    if rules is None:
        return Rules()
    if not isinstance(rules, Mapping):
        return Rules(readable=False)
    known = roots if isinstance(roots, Mapping) else {}
    lists: dict[str, tuple[Rule, ...]] = {}
    readable = True
    for name in ("allow", "ask", "deny"):
        parsed = [_one(item, known, cwd) for item in _items(rules.get(name))]
        lists[name] = tuple(rule for rule in parsed if rule is not None)
        readable = readable and (name == "allow" or None not in parsed)
    return Rules(lists["allow"], lists["ask"], lists["deny"], readable)


def _items(value: Json) -> list[Json]:
    """A list's items; anything else but nothing is one item that cannot be read."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [0]


def _one(item: Json, roots: Mapping[str, Json], cwd: str) -> Rule | None:
    text: Json = item
    root: Json = None
    if isinstance(item, Mapping):
        text, root = item.get("rule"), roots.get(str(item.get("source")))
    match = _RULE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    spec = None if match[2] in (None, "", "*") else match[2]
    return Rule(match[1], spec, root if isinstance(root, str) else cwd, cwd)


# --- tools ------------------------------------------------------------------------------------


def covers_tool(rule: Rule, name: str) -> bool:
    """Whether the rule names this whole tool."""
    return rule.spec is None and (rule.tool == name or _is_server_of(rule.tool, name))


def _is_server_of(rule: str, name: str) -> bool:
    """``mcp__server`` and ``mcp__server__*`` stand for all tools of that server."""
    server = rule.removesuffix("__*")
    return server.startswith("mcp__") and name.startswith(server + "__")


# --- commands ---------------------------------------------------------------------------------


def covers_command(rule: Rule, text: str, tool: str = "Bash") -> bool:
    """Whether the rule covers a simple command, given as its words joined by spaces."""
    if rule.tool != tool:
        return False
    if rule.spec is None:
        return True
    prefix = rule.spec.removesuffix(":*")
    if prefix != rule.spec:
        whole_word = prefix[-1:].isalnum()
        return text == prefix or text.startswith(prefix + " " if whole_word else prefix)
    pattern = ".*".join(re.escape(part) for part in rule.spec.split("*"))
    if re.fullmatch(pattern, text, re.DOTALL):
        return True
    return rule.spec.endswith(" *") and rule.spec.count("*") == 1 and text == rule.spec[:-2]


_RUNS_ANYTHING = frozenset(
    [
        "python",
        "python3",
        "node",
        "ruby",
        "perl",
        "php",
        "lua",
        "tsx",
        "deno",
        "osascript",
        "bash",
        "sh",
        "zsh",
        "fish",
        "pwsh",
        "powershell",
        "eval",
        "exec",
        "source",
        "command",
        "sudo",
        "su",
        "ssh",
        "env",
        "xargs",
        "nohup",
        "time",
        "timeout",
        "npm",
        "npx",
        "yarn",
        "pnpm",
        "bun",
        "bunx",
    ]
)


def is_broad(rule: Rule) -> bool:
    """An allow rule that would let any code run: it does not count in auto mode."""
    if rule.spec is None:
        return rule.tool in ("Bash", "PowerShell")
    words = re.sub(r"[:*\s]+$", "", rule.spec).split()
    return "*" in rule.spec and (not words or words in [[name] for name in _RUNS_ANYTHING])


# --- paths ------------------------------------------------------------------------------------


def covers_path(rule: Rule, mode: str, path: str, home: str | None) -> bool:
    """Whether a Read or Edit rule covers reading ("read") or writing an absolute path."""
    family = _READERS if mode == "read" else _EDITORS
    if rule.tool not in family:
        return False
    if rule.spec is None:
        return True
    pattern = _absolute(rule, home)
    return pattern is not None and re.fullmatch(_regex(pattern), path) is not None


def _absolute(rule: Rule, home: str | None) -> str | None:
    """The pattern with its root in front; one without a slash matches at any depth."""
    spec = rule.spec or ""
    if spec.startswith("//"):
        return posixpath.normpath(spec[1:])
    if spec.startswith("~"):
        return None if home is None else locate(spec[2:], home)
    if "/" not in spec.removesuffix("/"):
        return posixpath.join(rule.cwd, "**", spec.removesuffix("/"))
    if spec.startswith("/"):
        return locate(spec[1:], rule.root)
    return locate(spec, rule.cwd)


def _regex(pattern: str) -> str:
    """gitignore's wildcards; what matches a directory covers all below it."""
    out = ""
    for token in re.findall(r"/\*\*/|\*\*|\*|\?|[^*?/]+|/", pattern):
        match token:
            case "/**/":
                out += "/(?:.*/)?"
            case "**":
                out += ".*"
            case "*":
                out += "[^/]*"
            case "?":
                out += "[^/]"
            case _:
                out += re.escape(token)
    return out + "(?:/.*)?"

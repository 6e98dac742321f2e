"""Tools and a grammar engine for the tests of tool calls."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper

from edge.chat import ToolSpec

RECORDINGS = Path(__file__).parent / "recordings"
EOS = 256
WORDS = [b'"}}', b'"}', b'": "', b'{"', b'", "', b"}\n", b"\n</", b">\n", b'"}}\n', b"    "]
MARK = len(WORDS) + 257
"""The id of a token that is a marker, `<tool_call>`, and never plain text."""


class _Bytes:
    """A vocabulary of single bytes, of some pieces that span a grammar's seams, and a marker."""

    eos_token_id = EOS
    bos_token_id = None
    special_token_ids = (EOS, MARK)
    tokens = [bytes([n]) for n in range(256)] + [b"<eos>", *WORDS, b"<tool_call>"]

    def __call__(self, text: bytes) -> list[int]:
        ids: list[int] = []
        at = 0
        while at < len(text):
            word = next((w for w in sorted(WORDS, key=len)[::-1] if text.startswith(w, at)), None)
            ids.append(257 + WORDS.index(word) if word else text[at])
            at += len(word) if word else 1
        return ids


@pytest.fixture(scope="session")
def tokenizer() -> LLTokenizer:
    return LLTokenizer(TokenizerWrapper(_Bytes()))


@pytest.fixture(scope="session")
def compile_grammar(tokenizer: LLTokenizer) -> Callable[[str], LLMatcher]:
    def compile_(grammar: str) -> LLMatcher:
        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar), log_level=0)
        assert not matcher.is_error(), matcher.get_error()
        return matcher

    return compile_


@pytest.fixture(scope="session")
def accepts(
    tokenizer: LLTokenizer, compile_grammar: Callable[[str], LLMatcher]
) -> Callable[[str, str], bool]:
    """Whether every token of the text passes the grammar's mask and the end may come."""

    def accepts_(grammar: str, text: str) -> bool:
        matcher = compile_grammar(grammar)
        for token in _Bytes()(text.encode()):
            mask = matcher.compute_bitmask()
            if not mask[token // 8] >> (token % 8) & 1:
                return False
            matcher.consume_token(token)
        return bool(matcher.is_accepting())

    return accepts_


BASH = ToolSpec(
    "Bash",
    "",
    {
        "type": "object",
        "properties": {
            "command": {"type": "string"},
            "timeout": {"type": "number"},
            "background": {"type": "boolean"},
        },
        "required": ["command"],
        "additionalProperties": False,
    },
)
READ = ToolSpec(
    "Read",
    "",
    {
        "type": "object",
        "properties": {"file_path": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["file_path"],
        "additionalProperties": False,
    },
)
EDIT = ToolSpec(
    "Edit",
    "",
    {
        "type": "object",
        "properties": {
            "file_path": {"type": "string"},
            "old_string": {"type": "string"},
            "new_string": {"type": "string"},
            "replace_all": {"type": "boolean", "default": False},
        },
        "required": ["file_path", "old_string", "new_string"],
        "additionalProperties": False,
    },
)
PLAN = ToolSpec(
    "mcp__plan__TodoWrite",
    "",
    {
        "type": "object",
        "properties": {
            "mode": {"type": "string", "enum": ["append", "replace"]},
            "todos": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"text": {"type": "string"}, "done": {"type": "boolean"}},
                    "required": ["text"],
                },
            },
            "note": {"type": "string", "maxLength": 524288},
        },
        "required": ["todos"],
    },
)
LIST = ToolSpec("ListAgents", "", {"type": "object", "properties": {}})
TOOLS = (BASH, READ, EDIT, PLAN, LIST)


@pytest.fixture(scope="session")
def tools() -> tuple[ToolSpec, ...]:
    return TOOLS


def recorded_tools(name: str) -> list[ToolSpec]:
    tools = json.loads((RECORDINGS / name).read_text())
    return [ToolSpec(t["name"], "", t["input_schema"]) for t in tools if "input_schema" in t]


@pytest.fixture(scope="session", params=sorted(path.name for path in RECORDINGS.glob("*.json")))
def recorded(request: pytest.FixtureRequest) -> list[ToolSpec]:
    """The tools that a real Claude Code client offers."""
    return recorded_tools(request.param)

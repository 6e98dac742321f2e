"""Arguments that only lead a small model astray."""

import pytest

from edge.prompts.coaching import trimmed
from tests.prompts.coaching.sessions import READ_CALC, bash, conversation

READ = {
    "type": "object",
    "properties": {
        "file_path": {"type": "string"},
        "offset": {"type": "integer"},
        "limit": {"type": "number"},
        "pages": {"type": "string"},
    },
    "required": ["file_path"],
    "additionalProperties": False,
}
TOO_LONG = ("Read", {"file_path": "/a"}, "Too long: use offset and limit.", True)


def test_tuning_is_left_out():
    schema = trimmed(conversation("x", READ_CALC), "Read", READ)
    assert list(schema["properties"]) == ["file_path"]
    assert schema["additionalProperties"] is False
    assert list(READ["properties"]) == ["file_path", "offset", "limit", "pages"]


def test_until_a_result_speaks_of_it():
    long = ("Read", {"file_path": "/a.pdf"}, "90 pages are too many: use the pages parameter", True)
    assert trimmed(conversation("x", long), "Read", READ) == READ
    assert trimmed(conversation("x", TOO_LONG), "Read", READ) == READ
    assert trimmed(conversation("x", bash("sleep 9", "Command timed out")), "Bash", READ) == READ


def test_a_command_needs_no_remark():
    schema = {"properties": {"command": {"type": "string"}, "description": {"type": "string"}}}
    assert list(trimmed(conversation("x"), "Bash", schema)["properties"]) == ["command"]


@pytest.mark.parametrize("tool", ["Edit", "mcp__db__query"])
def test_other_tools_keep_theirs(tool: str):
    assert trimmed(conversation("x"), tool, READ) == READ


def test_what_is_required_stays():
    required = {**READ, "required": ["file_path", "limit"]}
    assert "limit" in trimmed(conversation("x"), "Read", required)["properties"]


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"properties": {"n": True}}])
def test_strange_schemas_are_left_alone(schema: dict):
    assert trimmed(conversation("x"), "Read", schema) == schema

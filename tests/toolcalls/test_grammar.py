"""Every grammar compiles, lets good calls through and bad ones not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.chat import ToolSpec
from edge.toolcalls.grammar import (
    fragment,
    object_only,
    object_tail,
    possible,
    quoted,
    regex_text,
    tags_tail,
)
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.shapes import GLM, INVOKE, QWEN
from edge.toolcalls.toolbox import Tool

Accepts = Callable[[str, str], bool]


def example(schema: dict[str, Any]) -> Any:
    """Some value that meets a schema of the kind that tools have."""
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            plain = [name for name in properties if "pattern" not in properties[name]]
            return {name: example(properties[name]) for name in plain}
        case "array":
            return [example(schema.get("items", {}))] * max(1, schema.get("minItems", 1))
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "string":
            return "https://example.org/x" if schema.get("format") == "uri" else "abcdef"
        case _:
            return None


def test_recorded_tools_compile_accept_and_reject(
    recorded: list[ToolSpec], accepts: Accepts
) -> None:
    for spec in recorded:
        tool = Tool(spec)
        grammar = object_tail(tool, (), braces=1)
        good = example(dict(spec.schema))
        assert tool.is_valid(good), (spec.name, good)
        assert accepts(grammar, " " + json.dumps(good) + "}"), spec.name
        assert not accepts(grammar, ' {"no_such_key": 1}}'), spec.name
        assert not accepts(grammar, " " + json.dumps(good)), spec.name
        required = spec.schema.get("required")
        assert accepts(grammar, " {}}") is not bool(required), spec.name


def test_recorded_tools_as_tags(recorded: list[ToolSpec], accepts: Accepts) -> None:
    for spec in recorded:
        tool = Tool(spec)
        if not tool.taggable:
            continue
        good = example(dict(spec.schema))
        for shape in (QWEN, GLM, INVOKE):
            text = "".join(
                shape.key_open
                + key
                + shape.key_close
                + shape.value_open
                + (value if isinstance(value, str) else json.dumps(value))
                + shape.value_close
                + "\n"
                for key, value in good.items()
            )
            grammar = tags_tail(tool, (), shape, {})
            assert accepts(grammar, "\n" + text + shape.close), (spec.name, shape)
            assert not accepts(grammar, f"\n{shape.key_open}zzz"), (spec.name, shape)


BFCL = {
    "type": "object",
    "properties": {
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 10},
        "place": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
            "required": ["city"],
        },
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "ratio": {"type": "number", "exclusiveMinimum": 0},
        "next": {"$ref": "#/$defs/node"},
        "script": {"type": "string", "maxLength": 524288},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    },
    "required": ["unit", "place"],
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}},
            "required": ["value"],
        }
    },
}


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('{"unit": "celsius", "place": {"city": "Ulm"}}', True),
        ('{"unit": "celsius", "days": 3, "place": {"city": "Ulm", "zip": "8"}}', True),
        ('{\n  "unit": "celsius",\n  "place": {\n    "city": "Ulm"\n  }\n}', True),
        ('{"unit": "celsius", "place": {"city": "é\\n"}, "tags": ["a", "b"]}', True),
        ('{"unit": "celsius", "place": {"city": "x"}, "ratio": 0.5, "limit": null}', True),
        (
            '{"unit": "celsius", "place": {"city": "x"}, '
            '"next": {"value": 1, "next": {"value": 2}}, "script": "x"}',
            True,
        ),
        ('{"unit": "kelvin", "place": {"city": "Ulm"}}', False),
        ('{"place": {"city": "Ulm"}}', False),
        ('{"unit": "celsius", "days": 11, "place": {"city": "Ulm"}}', False),
        ('{"unit": "celsius", "days": "3", "place": {"city": "Ulm"}}', False),
        ('{"unit": "celsius", "place": {"town": "Ulm"}}', False),
        ('{"unit": "celsius", "place": {"city": "x"}, "tags": ["a","b","c","d"]}', False),
        ('{"unit": "celsius", "place": {"city": "\\."}}', False),
        ('{"unit": "celsius", "place": {"city": "x"}, "next": {"next": 1}}', False),
        ('{"unit": "celsius", "place": {"city": "x"}, "more": 1}', False),
        ('{"unit": ' + " " * 60 + '"celsius", "place": {"city": "x"}}', False),
    ],
)
def test_bfcl_like_schema(text: str, good: bool, accepts: Accepts) -> None:
    tool = Tool(ToolSpec("weather", "", BFCL))
    assert accepts(object_only(tool, ()), text) is good
    if good:
        assert tool.is_valid(json.loads(text))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("\n<parameter=command>\nls -la\n</parameter>\n</function>", True),
        ("<parameter=command>ls</parameter></function>", True),
        ('\n<parameter=command>\ncat <<E\n"x" </para\nE\n</parameter>\n</function>', True),
        (
            "\n<parameter=command>\nls\n</parameter>\n<parameter=timeout>\n5.5\n</parameter>\n"
            "<parameter=background>\ntrue\n</parameter>\n</function>",
            True,
        ),
        ("\n</function>", False),
        ("\n<parameter=timeout>\n5\n</parameter>\n</function>", False),
        ("\n<parameter=command>\nls\n</parameter>\n<parameter=timeout>\nfive", False),
        ("\n<parameter=cmd>\nls\n</parameter>\n</function>", False),
    ],
)
def test_tags(text: str, good: bool, accepts: Accepts, tools: tuple[ToolSpec, ...]) -> None:
    assert accepts(tags_tail(Tool(tools[0]), (), QWEN, {}), text) is good


def test_doubled_braces_are_closed_by_the_grammar(
    accepts: Accepts, tools: tuple[ToolSpec, ...]
) -> None:
    grammar = object_tail(Tool(tools[0]), (), braces=2)
    assert accepts(grammar, ' {"command": "ls"}}}')
    assert not accepts(grammar, ' {"command": "ls"}}')


SOURCE = 'def add(a, b):\n    """Add."""\n\treturn a - b\n\n\nprint(add(1, 2))\n'


@pytest.mark.parametrize(
    ("old", "good"),
    [
        ("\treturn a - b\n", True),
        ("return a - b", True),
        ("def add(a, b):\n", True),
        (SOURCE, True),
        ('    """Add."""\n\treturn a - b', True),
        ("other text", True),
        ("return a + b", False),
        ("add", False),
        ("", False),
        ("return a - b\n\n\nother text", False),
    ],
)
def test_narrowed_property(
    old: str, good: bool, accepts: Accepts, tools: tuple[ToolSpec, ...]
) -> None:
    narrowing = Narrowing("Edit", "old_string", [*SOURCE.splitlines(keepends=True), "other text"])
    if old.endswith("other text") and len(old) > 12:
        narrowing = Narrowing("Edit", "old_string", [SOURCE, "other\ntext"])
    edit = Tool(tools[2])
    call = {"file_path": "a.py", "old_string": old, "new_string": 'anything "at" all'}
    assert accepts(object_tail(edit, [narrowing], braces=1), " " + json.dumps(call) + "}") is good
    tags = "".join(f"<parameter={k}>\n{v}\n</parameter>\n" for k, v in call.items())
    assert accepts(tags_tail(edit, [narrowing], QWEN, {}), tags + "</function>") is good


def test_narrowed_object_keeps_the_schema(accepts: Accepts, tools: tuple[ToolSpec, ...]) -> None:
    narrowing = Narrowing("Edit", "old_string", ["a = 1\n"])
    grammar = object_only(Tool(tools[2]), [narrowing])
    good = '{"file_path": "x", "old_string": "a = 1", "new_string": "", "replace_all": true}'
    assert accepts(grammar, good)
    assert not accepts(grammar, good.replace("true", '"true"'))
    assert not accepts(grammar, '{"old_string": "a = 1", "new_string": ""}')
    assert not accepts(grammar, good.replace("}", ', "more": 1}'))


def test_narrowing_of_optional_properties(accepts: Accepts) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "null"}},
        "additionalProperties": False,
    }
    grammar = object_only(Tool(ToolSpec("t", "", schema)), [Narrowing("t", "b", ["x\n"])])
    for good in ("{}", '{"a": 1}', '{"b": "x"}', '{"a": 1, "b": "x"}', '{"b":"x","c":null}'):
        assert accepts(grammar, good), good
    for bad in ('{"b": "y"}', '{, "b": "x"}', '{"b": "x", "a": 1}', '{"a": 1,}'):
        assert not accepts(grammar, bad), bad


def test_large_narrowing_compiles(accepts: Accepts, tools: tuple[ToolSpec, ...]) -> None:
    lines = [f'    value_{n} = compute({n}, "x\\t{n}")\n' for n in range(2000)]
    grammar = object_only(Tool(tools[2]), [Narrowing("Edit", "old_string", lines)])
    call = {"file_path": "a", "old_string": "".join(lines[1200:1203]), "new_string": "b"}
    assert accepts(grammar, json.dumps(call))
    call["old_string"] = "value_9 = 0"
    assert not accepts(grammar, json.dumps(call))


def test_markers_become_tokens(tools: tuple[ToolSpec, ...]) -> None:
    grammar = tags_tail(Tool(tools[0]), (), GLM, {"</arg_value>": 7, "<arg_key>": 5})
    assert "<[7]>" in grammar
    assert '<[5]> "command</arg_key>"' in grammar


def test_small_pieces() -> None:
    assert quoted('a"\n') == '"a\\"\\n"'
    assert regex_text("</a.b>") == r"<\/a\.b>"
    assert fragment({"$defs": {"x": {}}}, {"type": "null"}) == {"type": "null", "$defs": {"x": {}}}
    assert possible({"properties": {"a": False, "b": {}}}) == ["b"]


@pytest.mark.parametrize("chunks", [["a = 1\n"], []])
def test_a_narrowing_may_allow_nothing_at_all(
    chunks: list[str], accepts: Accepts, tools: tuple[ToolSpec, ...]
) -> None:
    edit = Tool(tools[2])
    narrowing = Narrowing("Edit", "old_string", chunks, or_empty=True)
    call = {"file_path": "new.py", "old_string": "", "new_string": "x"}
    assert accepts(object_only(edit, [narrowing]), json.dumps(call))
    tags = "".join(f"<parameter={k}>\n{v}\n</parameter>\n" for k, v in call.items())
    assert accepts(tags_tail(edit, [narrowing], QWEN, {}), tags + "</function>")
    call["old_string"] = "b = 1"
    assert not accepts(object_only(edit, [narrowing]), json.dumps(call))


@pytest.mark.parametrize(
    ("path", "old", "good"),
    [
        ("/p/a.py", "a = 1", True),
        ("/p/a.py", "b = 2", False),
        ("/p/a.py", "", False),
        ("/p/b.py", "b = 2", True),
        ("/p/new.py", "", True),
        ("/p/new.py", "a = 1", False),
        ("/p/met.py", "", False),
        ("/p/met.py.", "", False),
    ],
)
def test_cases_tie_one_argument_to_another(
    accepts: Accepts, tools: tuple[ToolSpec, ...], path: str, old: str, good: bool
) -> None:
    taken = ("/p/a.py", "/p/b.py", "/p/met.py")
    cases = [
        Narrowing("Edit", "old_string", ["a = 1\nx = 1\n"], where=("file_path", "/p/a.py")),
        Narrowing("Edit", "old_string", ["b = 2\n"], where=("file_path", "/p/b.py")),
        Narrowing("Edit", "old_string", [], or_empty=True, unless=("file_path", taken)),
    ]
    call = {"file_path": path, "old_string": old, "new_string": "c"}
    assert accepts(object_only(Tool(tools[2]), cases), json.dumps(call)) is good

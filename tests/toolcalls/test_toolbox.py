"""Tools found by the names that models write."""

from edge.chat import ToolSpec
from edge.toolcalls.toolbox import Tool, Toolbox


def test_names(tools: tuple[ToolSpec, ...]) -> None:
    box = Toolbox(tools)
    for written in ("Bash", "bash", "BASH", "functions.Bash", " tools.bash "):
        found = box.find(written)
        assert found is not None, written
        assert found.name == "Bash"
    assert box.find("Bush") is None
    assert box.may_become("func")
    assert box.may_become("mcp__pl")
    assert not box.may_become("x")


def test_case_decides_where_names_differ_in_nothing_else() -> None:
    box = Toolbox([ToolSpec("Run"), ToolSpec("run")])
    assert (found := box.find("run")) is not None and found.name == "run"
    assert box.find("RUN") is None


def test_server_tools_are_not_offered() -> None:
    assert Toolbox([ToolSpec("web_search", kind="web_search_20250305")]).tools == []


def test_settle(tools: tuple[ToolSpec, ...]) -> None:
    bash = Tool(tools[0])
    assert bash.settle({"command": "é"}) == '{"command": "é"}'
    assert bash.settle('{"command": "ls"}') == '{"command": "ls"}'
    assert bash.settle({"command": "ls", "timeout": "3"}) == '{"command": "ls", "timeout": 3}'
    assert bash.settle({"cmd": "ls"}) is None
    assert bash.settle(["ls"]) is None
    assert bash.settle("ls") is None


def test_an_invalid_schema_has_no_valid_call() -> None:
    tool = Tool(ToolSpec("t", "", {"type": "any"}))
    assert not tool.guardable
    assert not tool.taggable
    assert not tool.is_valid({})
    assert tool.settle({}) is None
    assert tool.kind("x") == "text"


def test_what_a_grammar_can_promise(tools: tuple[ToolSpec, ...]) -> None:
    bash, _, _, plan, _ = (Tool(spec) for spec in tools)
    assert bash.sanitised.exact
    assert bash.exact_in_tags
    assert not plan.exact_in_tags
    bounded = Tool(ToolSpec("t", "", {"properties": {"a": {"type": "string", "minLength": 1}}}))
    assert bounded.sanitised.exact
    assert not bounded.exact_in_tags
    assert plan.kind("mode") == "choice"
    assert plan.choice("mode", "append") == "append"

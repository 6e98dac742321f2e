"""Tools that change their definition on the way; the rest is in test_normalise."""

from edge.chat import ChatRequest, Message, Text, ToolChange, ToolSpec
from edge.prompts.offers import settle_tools

HI, YES = Message("user", (Text("hi"),)), Message("assistant", (Text("yes"),))


def test_each_addition_shows_the_definition_it_came_with() -> None:
    one, two = ToolSpec("X", "one"), ToolSpec("X", "two")
    first = Message("user", (ToolChange("addition", "X", one),))
    second = Message("user", (ToolChange("addition", "X", two),))
    given = ChatRequest("m", (HI, YES, first, YES, second), tools=(ToolSpec("Read"),))
    after = settle_tools(given)
    shown = [
        part.definition.description
        for m in (after.messages[2], after.messages[4])
        for part in m.parts
    ]
    assert shown == ["one", "two"]
    assert after.tools[1] == ToolSpec("X", "two", deferred=True)


def test_a_server_tool_cannot_be_added() -> None:
    server = ToolSpec("web_fetch", kind="web_fetch_20250910")
    change = Message("user", (ToolChange("addition", "web_fetch", server),))
    after = settle_tools(ChatRequest("m", (HI, YES, change), tools=(ToolSpec("Read"),)))
    assert [tool.name for tool in after.tools] == ["Read"]
    assert after.messages[2].parts == (Text("[tool web_fetch: not available here]"),)

from edge.chat import (
    ChatRequest,
    Document,
    Image,
    Message,
    Opaque,
    SafeguardRequest,
    Text,
    Thinking,
    ToolChange,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.routing.texts import strings, texts_of, wholes_of


def test_everything_that_is_text_is_there_and_the_newest_first():
    tool = ToolSpec("look", "looks", {"properties": {"at": {"description": "where"}}})
    request = ChatRequest(
        "m",
        (
            Message("user", (Text("first"), Image("image/png", data=b"pixels"))),
            Message("assistant", (Thinking("hm"), ToolUse("1", "Bash", {"command": "ls"}))),
            Message("user", (ToolResult("1", (Text("file"), Document(None, text="page"))),)),
            Message("system", (ToolChange("addition", "late", ToolSpec("late", "later")),)),
            Message("user", (Opaque("new", {"a": ["b"]}),)),
        ),
        system=(Text("be kind"),),
        tools=(tool,),
        safeguards=(SafeguardRequest("x", {"live_cwd": "/home"}),),
    )
    assert [text for whole in wholes_of(request) for text in texts_of(whole)] == [
        "b",
        "late\nlater",
        "file",
        "page",
        "hm",
        "command=ls",
        "first",
        "be kind",
        "look\nlooks\ndescription=where",
        "live_cwd=/home",
    ]


def test_a_value_is_read_with_the_name_it_is_given():
    assert list(strings({"a": {"password": "x"}, "n": [1, None, "y"]})) == ["password=x", "y"]

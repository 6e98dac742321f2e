"""Events of the same kind become one."""

from edge.toolcalls.events import (
    CallArguments,
    CallClosed,
    CallOpened,
    EventLog,
    Prose,
    Thought,
)


def test_merging() -> None:
    log = EventLog()
    for event in [
        Prose(""), Prose("a"), Prose("b"), Thought(""), Thought("c"), Thought("d"), Prose("e"),
        CallOpened("T"), CallArguments("{"), CallArguments(""), CallArguments("}"), CallClosed(),
    ]:  # fmt: skip
        log.add(event)
    assert log.take() == [
        Prose("ab"), Thought("cd"), Prose("e"), CallOpened("T"), CallArguments("{}"), CallClosed(),
    ]  # fmt: skip
    assert log.take() == []

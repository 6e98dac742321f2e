from dataclasses import replace

from edge.chat import ChatRequest, SafeguardRequest
from edge.routing.contexts import SessionContexts
from edge.safeguards import DANGEROUS_TOOL_USE


def turn(session: str | None, cwd: str | None = None, agent: str | None = None) -> ChatRequest:
    """A main request that tells its directory, or one that tells nothing."""
    told = () if cwd is None else (SafeguardRequest(DANGEROUS_TOOL_USE, {"live_cwd": cwd}),)
    return ChatRequest("m", (), session=session, agent=agent, safeguards=told)


def test_the_last_context_of_a_session_is_kept():
    contexts = SessionContexts()
    contexts.remember(turn("s", "/a"))
    contexts.remember(turn("s", "/b"))
    contexts.remember(turn("t", "/c"))
    assert contexts.of(turn("s")) == {"live_cwd": "/b"}
    assert contexts.of(turn("t")) == {"live_cwd": "/c"}


def test_who_has_told_nothing_is_not_known():
    contexts = SessionContexts()
    contexts.remember(turn("s"))
    contexts.remember(turn(None, "/a"))
    assert contexts.of(turn("s")) is None
    assert contexts.of(turn(None)) is None


def test_a_turn_that_tells_nothing_changes_nothing():
    contexts = SessionContexts()
    contexts.remember(turn("s", "/a"))
    contexts.remember(turn("s"))
    empty = replace(turn("s"), safeguards=(SafeguardRequest(DANGEROUS_TOOL_USE, {}),))
    contexts.remember(empty)
    foreign = replace(turn("s"), safeguards=(SafeguardRequest("other", {"live_cwd": "/x"}),))
    contexts.remember(foreign)
    assert contexts.of(turn("s")) == {"live_cwd": "/a"}


def test_an_agent_has_a_directory_of_its_own():
    contexts = SessionContexts()
    contexts.remember(turn("s", "/a"))
    contexts.remember(turn("s", "/worktree", agent="x"))
    assert contexts.of(turn("s")) == {"live_cwd": "/a"}
    assert contexts.of(turn("s", agent="x")) == {"live_cwd": "/worktree"}
    assert contexts.of(turn("s", agent="y")) is None


def test_the_one_unheard_of_for_longest_is_forgotten():
    contexts = SessionContexts(most=2)
    contexts.remember(turn("old", "/a"))
    contexts.remember(turn("older", "/b"))
    assert contexts.of(turn("old")) is not None
    contexts.remember(turn("new", "/c"))
    assert contexts.of(turn("older")) is None
    assert contexts.of(turn("old")) is not None

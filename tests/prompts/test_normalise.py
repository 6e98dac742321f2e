"""The rules of normalisation, each before and after, and what holds for all of them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.chat import (
    ChatRequest,
    Document,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolChange,
    ToolReference,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.errors import UnsupportedInput
from edge.prompts.normalise import (
    announcements_first,
    drop_attribution,
    drop_countdown,
    drop_thinking,
    lift_effort,
    merge_turns,
    normalise,
    reminders_in_place,
    trim_system,
)
from edge.prompts.offers import settle_tools

COUNTDOWN = "<total_tokens>14998231 tokens left</total_tokens>"


def request(*messages: Message, **fields: object) -> ChatRequest:
    return ChatRequest("m", messages, **fields)  # type: ignore[arg-type]


def user(*parts: object) -> Message:
    return Message("user", tuple(Text(p) if isinstance(p, str) else p for p in parts))


def assistant(*parts: object) -> Message:
    return replace(user(*parts), role="assistant")


def system(*parts: object, effort: str | None = None) -> Message:
    return replace(user(*parts), role="system", effort=effort)


# --- each rule, before and after ------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;", "Be brief."), ("Be brief.",)),
        (("x-anthropic-billing-header: cch=1;\nBe brief.",), ("Be brief.",)),
        (("Be brief.", "x-anthropic-billing-header: no"), None),
        (("", "Be brief."), ("Be brief.",)),
        ((), ()),
    ],
)
def test_attribution_is_dropped(before: tuple[str, ...], after: tuple[str, ...] | None) -> None:
    given_request = request(user("hi"), system=tuple(map(Text, before)))
    expected = before if after is None else after
    assert [b.text for b in drop_attribution(given_request).system] == list(expected)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (system(COUNTDOWN), system()),
        (system(f"Skills:\n{COUNTDOWN}\n- init"), system("Skills:\n- init")),
        (user(f"<system-reminder>\n{COUNTDOWN}\n</system-reminder>", "go on"), user("go on")),
        (user(f"what does {COUNTDOWN} mean?"), user(f"what does {COUNTDOWN} mean?")),
        (assistant(COUNTDOWN), assistant(COUNTDOWN)),
    ],
)
def test_countdown_is_dropped(before: Message, after: Message) -> None:
    assert drop_countdown(request(before)).messages == (after,)


def test_the_countdown_in_the_system_text_is_dropped_and_leaves_no_line() -> None:
    before = request(user("hi"), system=(Text(f"Be brief.\n\n{COUNTDOWN}"), Text(COUNTDOWN)))
    dropped = drop_countdown(before)
    assert dropped.system == (Text("Be brief.\n\n"),)
    assert trim_system(dropped).system == (Text("Be brief."),)


def test_announcements_come_before_what_the_user_says() -> None:
    before = request(user("hi"), system("Skills"), assistant("Yes?"), user("a"), system("New"))
    after = request(system("Skills"), user("hi"), assistant("Yes?"), user("a"), system("New"))
    assert announcements_first(before) == after


def test_thinking_is_dropped_from_history() -> None:
    before = request(assistant(Thinking("hm", "sig"), RedactedThinking("x"), "Yes."))
    assert drop_thinking(before) == request(assistant("Yes."))


def test_the_last_effort_becomes_the_requests_own() -> None:
    before = request(system(effort="low"), user("hi"), system(effort="medium"), effort="high")
    assert lift_effort(before) == request(system(), user("hi"), system(), effort="medium")


def test_a_system_turn_becomes_a_reminder_where_it_stands() -> None:
    before = request(user("hi"), system("Skills: init"), assistant("Yes?"))
    after = "<system-reminder>\nSkills: init\n</system-reminder>"
    assert reminders_in_place(before) == request(user("hi"), user(after), assistant("Yes?"))


def test_a_reminder_is_not_wrapped_twice() -> None:
    wrapped = "<system-reminder>\nSkills\n</system-reminder>"
    assert reminders_in_place(request(system(wrapped))) == request(user(wrapped))


def test_turns_merge_with_results_first_then_reminders_then_words() -> None:
    result = ToolResult("t1", (Text("ok"),))
    reminder = "<system-reminder>\ndate\n</system-reminder>"
    before = request(user("now this"), user(reminder), user(result), user())
    assert merge_turns(before) == request(user(result, reminder, "now this"))


# --- images and documents -------------------------------------------------------------------

IMAGE = Image("image/png", data=b"x")
PDF = Document("application/pdf", data=b"%PDF")


@pytest.mark.parametrize("part", [IMAGE, PDF, Document(None, url="http://example.org/a.pdf")])
def test_what_the_user_attached_now_is_refused(part: object) -> None:
    with pytest.raises(UnsupportedInput, match="reads text only"):
        normalise(request(user("look", part)))


def test_what_a_tool_brought_becomes_a_note() -> None:
    call, result = ToolUse("t1", "Read", {}), ToolResult("t1", (Text("shot"), IMAGE))
    after = normalise(request(user("look"), assistant(call), user(result, PDF)))
    noted, document = after.messages[2].parts
    assert isinstance(noted, ToolResult)
    assert noted.content == (Text("shot"), Text("[image omitted: this model reads text only]"))
    assert isinstance(document, Text)
    assert "document omitted" in document.text


def test_what_was_answered_before_becomes_a_note() -> None:
    after = normalise(request(user("look", IMAGE), assistant("A cat."), user("sure?")))
    assert after.messages[0].parts[1] == Text("[image omitted: this model reads text only]")


def test_a_seeing_model_keeps_images() -> None:
    assert normalise(request(user(IMAGE)), vision=True).messages[0].parts == (IMAGE,)


# --- tools ----------------------------------------------------------------------------------

READ, BASH = ToolSpec("Read"), ToolSpec("Bash")
FETCH = ToolSpec("WebFetch", deferred=True)


def offered(request: ChatRequest) -> dict[str, bool]:
    return {tool.name: tool.deferred for tool in request.tools}


def test_tools_are_sorted_and_server_and_deferred_ones_left_out() -> None:
    search = ToolSpec("web_search", kind="web_search_20250305")
    after = normalise(request(user("hi"), tools=(READ, search, FETCH, BASH)))
    assert after.tools == (BASH, READ)


def test_a_request_about_server_tools_alone_is_refused() -> None:
    search = ToolSpec("web_search", kind="web_search_20250305")
    with pytest.raises(UnsupportedInput, match="web_search runs in the cloud"):
        normalise(request(user("search"), tools=(search,)))


def test_a_tool_added_before_the_first_answer_stands_at_the_front() -> None:
    late = request(user("hi"), system(ToolChange("addition", "WebFetch")), tools=(READ, FETCH))
    after = normalise(late)
    assert offered(after) == {"Read": False, "WebFetch": False}
    assert after.messages == (user("hi"),)


def test_a_tool_added_later_is_described_where_it_joined() -> None:
    change = ToolChange("addition", "Deploy", ToolSpec("Deploy", "ships it"))
    before = request(user("a"), assistant("b"), user("c"), system(change), tools=(READ,))
    after = normalise(before)
    assert offered(after) == {"Deploy": True, "Read": False}
    shown = after.messages[2].parts[0]
    assert isinstance(shown, ToolChange)
    assert shown.definition is not None
    assert shown.definition.description == "ships it"


def test_a_tool_found_by_search_is_described_in_the_result() -> None:
    result = ToolResult("t1", (ToolReference("WebFetch"), ToolReference("Read")))
    call = ToolUse("t1", "ToolSearch", {})
    before = request(user("a"), assistant(call), user(result), tools=(READ, FETCH))
    after = normalise(before)
    assert offered(after) == {"Read": False, "WebFetch": True}
    found = after.messages[2].parts[0]
    assert isinstance(found, ToolResult)
    assert found.content[0] == ToolChange("addition", "WebFetch", FETCH)
    assert found.content[1] == Text("The tool Read is available.")


def test_a_removed_tool_is_no_longer_offered() -> None:
    removal = ToolChange("removal", "Read")
    before = request(user("a"), assistant("b"), user("c"), system(removal), tools=(READ, BASH))
    assert normalise(before).tools == (BASH,)


def test_a_tool_that_left_again_is_told_where_it_left() -> None:
    add, remove = ToolChange("addition", "X", ToolSpec("X")), ToolChange("removal", "X")
    turns = (user("a"), assistant("b"), system(add), assistant("c"), system(remove))
    after = normalise(request(*turns, tools=(READ,)))
    assert after.tools == (READ,)
    assert after.messages[-1].parts == (remove,)


def test_with_no_tool_at_the_front_a_later_one_goes_there() -> None:
    add = ToolChange("addition", "WebFetch")
    after = settle_tools(request(user("a"), assistant("b"), user(add), tools=(FETCH,)))
    assert offered(after) == {"WebFetch": False}


def test_an_unknown_tool_reference_is_said_to_be_missing() -> None:
    after = settle_tools(request(user(ToolReference("Ghost")), tools=(READ,)))
    assert after.messages[0].parts == (Text("[tool Ghost: not available here]"),)


# --- what holds for every request -----------------------------------------------------------

_names = st.sampled_from(["Bash", "Read", "WebFetch", "Edit"])
_words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [COUNTDOWN, "<system-reminder>x</system-reminder>", "x-anthropic-billing-header: a\nb"]
    ),
)
_texts = _words.map(Text)
_specs = st.builds(ToolSpec, _names, description=st.sampled_from(["", "d"]), deferred=st.booleans())
_changes = st.builds(
    ToolChange, st.sampled_from(["addition", "removal"]), _names, st.none() | _specs
)
_opaque = st.builds(Opaque, st.just("new"), st.just({"text": "t", "n": [{"title": "u"}]}))
_documents = st.builds(Document, st.none(), text=st.text(max_size=8), title=st.just("t"))
_inner = st.one_of(_texts, st.just(IMAGE), _names.map(ToolReference), _opaque, _documents)
_results = st.builds(
    ToolResult, st.sampled_from(["t1", "t2"]), st.lists(_inner, max_size=3).map(tuple)
)
_user_parts = st.one_of(_texts, _results, _documents, _opaque)
_assistant_parts = st.one_of(
    _texts, st.just(Thinking("hm")), st.builds(ToolUse, st.just("t1"), _names, st.just({"a": 1}))
)


def _turns(role: str, parts: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(parts, max_size=3).map(lambda p: Message(role, tuple(p)))


_messages = st.lists(
    st.one_of(
        _turns("user", _user_parts),
        _turns("assistant", _assistant_parts),
        _turns("system", st.one_of(_texts, _changes)),
    ),
    max_size=6,
).map(tuple)
_requests = st.builds(
    ChatRequest,
    st.just("m"),
    _messages,
    system=st.lists(_texts, max_size=2).map(tuple),
    tools=st.lists(_specs, max_size=4, unique_by=lambda tool: tool.name).map(tuple),
)


@given(_requests)
@settings(max_examples=200, deadline=None)
def test_twice_is_once(before: ChatRequest) -> None:
    once = normalise(before)
    assert normalise(once) == once


@given(_requests)
@settings(max_examples=200, deadline=None)
def test_no_text_of_a_user_is_lost(before: ChatRequest) -> None:
    kept = [p.text for m in normalise(before).messages for p in m.parts if isinstance(p, Text)]
    for message in before.messages:
        if message.role == "user":
            for part in message.parts:
                if isinstance(part, Text) and part.text.strip() and COUNTDOWN not in part.text:
                    assert part.text in kept


@given(_requests, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_tools_does_not_matter(before: ChatRequest, random) -> None:
    tools = list(before.tools)
    random.shuffle(tools)
    assert normalise(before) == normalise(replace(before, tools=tuple(tools)))

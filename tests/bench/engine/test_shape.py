"""Recorded bodies made into what a row asks."""

import copy

import pytest

from tests.bench.engine import shape
from tests.bench.engine.record import recording

FULL = recording("2.1.197", "default-tools")


def words(body) -> int:
    """A tokenizer for tests: a token is a word."""
    texts = [block["text"] for block in body["system"]]
    for turn in body["messages"]:
        content = turn["content"]
        texts += [content] if isinstance(content, str) else [block["text"] for block in content]
    return sum(len(text.split()) for text in texts) + 100 * len(body.get("tools", ()))


@pytest.fixture(autouse=True)
def unchanged():
    before = copy.deepcopy(FULL)
    yield
    assert before == FULL


def test_timed_is_greedy_streamed_and_short() -> None:
    body = shape.timed(FULL, 16)
    assert (body["stream"], body["temperature"], body["max_tokens"]) == (True, 0, 16)
    assert "thinking" not in body
    assert body["tools"] == FULL["tools"]


def test_asking_replaces_what_the_person_typed() -> None:
    body = shape.asking(FULL, "Why?")
    turn = next(turn for turn in body["messages"] if turn["role"] == "user")
    assert turn["content"][-1]["text"] == "Why?"
    assert len(turn["content"]) == 2
    assert body["messages"][1:] == FULL["messages"][1:]


def test_showing_goes_before_what_the_person_typed() -> None:
    turn = shape.showing(FULL, "a file")["messages"][0]
    assert [block["text"] for block in turn["content"]][1] == "a file"
    assert turn["content"][2] == FULL["messages"][0]["content"][1]


def test_continued_keeps_all_that_was_said() -> None:
    body = shape.continued(FULL, "Yes.", "And then?")
    assert body["messages"][:-2] == FULL["messages"]
    assert [turn["role"] for turn in body["messages"][-2:]] == ["assistant", "user"]


def test_marked_shares_no_instructions() -> None:
    assert shape.beginning(shape.marked(FULL, "two"), FULL) is None


def test_sized_fills_up_to_the_target() -> None:
    filler = [f"line {n} of many" for n in range(2000)]
    target = words(FULL) + 1000
    body = shape.sized(FULL, target, filler, words)
    assert target - 5 < words(body) <= target
    assert body["tools"] == FULL["tools"]


def test_sized_drops_tools_first() -> None:
    body = shape.sized(FULL, words(FULL) - 250, ["one word"] * 200, words)
    assert body["tools"] == FULL["tools"][:-3]
    assert words(body) <= words(FULL) - 250


def test_a_body_that_cannot_be_smaller_stays() -> None:
    assert shape.sized(FULL, 1, ["x"], words)["tools"] == []


def test_beginning_is_the_turns_in_common() -> None:
    second = shape.continued(FULL, "Yes.", "And then?")
    assert shape.beginning(second, FULL)["messages"][:1] == FULL["messages"][:1]
    third = shape.continued(second, "Yes.", "What else?")
    assert shape.beginning(third, second)["messages"] == second["messages"]


def test_beginning_of_another_conversation_is_instructions_and_tools() -> None:
    part = shape.beginning(shape.asking(FULL, "Something else."), FULL)
    assert part["messages"] == [{"role": "user", "content": "."}]
    assert part["tools"] == FULL["tools"]
    assert shape.beginning(shape.without_tools(FULL), FULL) is None


def test_attribution_is_no_difference() -> None:
    other = copy.deepcopy(FULL)
    other["system"][0]["text"] = "x-anthropic-billing-header: cch=12345;"
    assert shape.beginning(other, FULL) is not None


def test_as_chat_completion() -> None:
    made = shape.as_chat_completion(shape.timed(FULL, 16))
    assert made["messages"][0]["role"] == "system"
    assert FULL["system"][2]["text"] in made["messages"][0]["content"]
    assert FULL["messages"][0]["content"][1]["text"] in made["messages"][1]["content"]
    assert made["tools"][0]["function"]["name"] == FULL["tools"][0]["name"]
    assert (made["max_tokens"], made["temperature"], made["stream"]) == (16, 0, True)
    assert "tools" not in shape.as_chat_completion(shape.timed(shape.without_tools(FULL), 16))


def test_every_engine_reads_the_tools_that_do_the_work():
    kept = [tool["name"] for tool in shape.working(FULL)["tools"]]
    assert {"Bash", "Edit", "Read", "Write"} <= set(kept)
    assert not {"Agent", "Workflow", "TaskCreate"} & set(kept)
    assert shape.working(shape.without_tools(FULL))["tools"] == []

"""A ChatRequest as worker frames. What coaching does to one is edge.prompts' own affair."""

from dataclasses import replace

import pytest

from edge.chat import (
    ChatRequest,
    Image,
    Message,
    Sampling,
    Text,
    ThinkingOption,
    ToolChoice,
    ToolSpec,
)
from edge.engines import frames
from edge.engines.base import Question
from edge.engines.frames import SamplingValues, Tool
from edge.engines.llama.request import (
    ACT,
    ACT_WHEN_OWED,
    SPEAK,
    generate_frame,
    prompt_frame,
    question_frame,
)
from edge.errors import UnsatisfiableSchema, UnsupportedInput
from edge.units import Tokens
from tests.safeguards.samples import recorded

STRING = {"type": "object", "properties": {"command": {"type": "string"}}}
IMPOSSIBLE = {"type": "object", "properties": {"a": False}, "required": ["a"]}
TOOLS = (ToolSpec("Bash", "runs", STRING), ToolSpec("Read", "reads", STRING))
NOW = 1_700_000_000.5
HELLO = ChatRequest("m", (Message("user", (Text("hello"),)),))
OFFERING = replace(HELLO, tools=TOOLS)


def plain(request: ChatRequest) -> frames.Generate:
    return generate_frame(7, request, coached=False, now=NOW)


def test_what_is_fixed_of_a_question_comes_first():
    asked = Question("which?", "this", ("a", "b"), (("that", "b"),))
    order = question_frame(7, asked, now=NOW)
    turns = [(turn["role"], turn["content"]) for turn in order.prompt.messages]
    example = [("user", "that"), ("assistant", "b")]
    assert turns == [("system", "which?"), *example, ("user", "this")]
    assert (order.id, order.labels, order.prompt.now) == (7, ["a", "b"], NOW)
    assert (order.prompt.tools, order.prompt.enable_thinking) == ([], False)


def test_a_plain_request():
    order = plain(replace(HELLO, system=(Text("be brief"),), max_tokens=Tokens(9), stop=("x", "y")))
    assert order.id == 7
    assert [turn["role"] for turn in order.prompt.messages] == ["system", "user"]
    assert (order.offered, order.choice, order.parallel) == ([], "none", True)
    assert (order.max_tokens, order.stop) == (9, ["x", "y"])
    assert (order.output_schema, order.narrowed, order.coached) == (None, [], False)


def test_the_date_is_told_to_the_template():
    assert plain(HELLO).prompt.now == NOW
    assert prompt_frame(HELLO, coached=True, now=NOW).now == NOW


@pytest.mark.parametrize(
    ("choice", "mode", "offered", "shown"),
    [
        (ToolChoice(), "auto", ["Bash", "Read"], 2),
        (ToolChoice("any"), "any", ["Bash", "Read"], 2),
        (ToolChoice("tool", "Read"), "any", ["Read"], 2),
        (ToolChoice("none"), "none", [], 0),
    ],
)
def test_the_choice_decides_what_may_be_called(choice, mode, offered, shown):
    order = plain(replace(OFFERING, tool_choice=choice))
    assert order.choice == mode
    assert [tool.name for tool in order.offered] == offered
    assert len(order.prompt.tools) == shown


def test_one_call_at_a_time():
    assert plain(OFFERING).parallel
    assert not plain(replace(OFFERING, tool_choice=ToolChoice(parallel=False))).parallel


def test_a_tool_keeps_its_schema():
    assert plain(OFFERING).offered[0] == Tool("Bash", "runs", STRING)


def test_sampling_is_passed_on_and_unset_stays_unset():
    order = plain(replace(HELLO, sampling=Sampling(temperature=0.5, top_k=3, seed=1)))
    assert order.sampling == SamplingValues(temperature=0.5, top_k=3, seed=1)


@pytest.mark.parametrize(
    ("mode", "effort", "thinks", "level"),
    [
        ("enabled", None, True, None),
        ("adaptive", "max", True, "high"),
        ("adaptive", "low", False, "low"),
        ("disabled", None, False, "low"),
    ],
)
def test_thinking_and_effort_go_to_the_template(mode, effort, thinks, level):
    order = plain(replace(HELLO, thinking=ThinkingOption(mode), effort=effort))
    assert order.prompt.enable_thinking is thinks
    assert order.prompt.reasoning_effort == level


def test_a_schema_for_the_answer_is_passed_on():
    assert plain(replace(HELLO, output_schema=STRING)).output_schema == STRING


@pytest.mark.parametrize(
    "request_",
    [
        replace(HELLO, output_schema=IMPOSSIBLE),
        replace(HELLO, tools=(ToolSpec("Bash", "", IMPOSSIBLE),)),
    ],
    ids=["answer", "tool"],
)
@pytest.mark.parametrize("coached", [True, False])
def test_what_nothing_satisfies_is_refused_before_any_work(request_, coached):
    with pytest.raises(UnsatisfiableSchema):
        generate_frame(1, request_, coached=coached, now=NOW)


@pytest.mark.parametrize("coached", [True, False])
def test_what_the_model_cannot_take_is_refused(coached):
    picture = ChatRequest("m", (Message("user", (Image("image/png", b"x"),)),))
    with pytest.raises(UnsupportedInput):
        prompt_frame(picture, coached=coached, now=NOW)
    with pytest.raises(UnsupportedInput):
        generate_frame(1, picture, coached=coached, now=NOW)


@pytest.mark.parametrize("coached", [True, False])
def test_a_count_is_of_the_prompt_that_would_be_read(coached):
    order = generate_frame(1, OFFERING, coached=coached, now=NOW)
    counted = prompt_frame(OFFERING, coached=coached, now=NOW)
    assert (counted.messages, counted.tools) == (order.prompt.messages, order.prompt.tools)


def test_a_coached_model_sees_and_may_call_the_tools_that_do_the_work():
    full = recorded("claude-code-2.1.330-main-with-safeguards")
    large, small = (generate_frame(1, full, coached=c, now=NOW) for c in (False, True))
    names = [{tool["function"]["name"] for tool in o.prompt.tools} for o in (large, small)]
    assert {"Bash", "Edit", "Read", "Agent"} <= names[0]
    assert {"Bash", "Edit", "Read"} <= names[1]
    assert "Agent" not in names[1] | {tool.name for tool in small.offered}


def test_a_coached_model_is_told_how_readily_to_act():
    assert generate_frame(1, OFFERING, coached=True, now=NOW).coached
    assert generate_frame(1, OFFERING, coached=True, now=NOW).act_from in (ACT, ACT_WHEN_OWED)


def test_a_coached_model_without_a_tool_to_call_speaks():
    silent = replace(OFFERING, tool_choice=ToolChoice("none"))
    assert generate_frame(1, silent, coached=True, now=NOW).act_from == SPEAK


def test_a_demanded_call_stays_possible():
    for choice in (ToolChoice("any"), ToolChoice("tool", "Read")):
        order = generate_frame(1, replace(OFFERING, tool_choice=choice), coached=True, now=NOW)
        assert order.offered
        assert order.choice == "any"


@pytest.mark.parametrize("coached", [True, False])
def test_a_real_client_s_request_survives_the_wire(coached):
    order = generate_frame(
        1, recorded("claude-code-2.1.330-main-with-safeguards"), coached=coached, now=NOW
    )
    data = frames.encode(order)
    again = frames.decode_to_worker(data[frames.HEADER.size :])
    assert isinstance(again, frames.Generate)
    assert again.prompt.messages == order.prompt.messages
    assert again.offered == order.offered

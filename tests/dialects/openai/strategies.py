"""Hypothesis strategies: requests that this wire can carry, and answers it gives back whole."""

import json

from hypothesis import strategies as st

from edge.chat import (
    ChatRequest,
    Finished,
    Image,
    Message,
    Sampling,
    Started,
    Text,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolChoice,
    ToolResult,
    ToolSpec,
    ToolUse,
    Usage,
)

words = st.text(max_size=12)
some = st.text(min_size=1, max_size=12)
ids = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
whole = st.integers(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | whole | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(words, json_values, max_size=3)

# --- requests -----------------------------------------------------------------------

texts = st.builds(Text, some)
images = st.one_of(
    st.builds(Image, st.just("image/png"), data=st.binary(max_size=9)),
    st.builds(Image, st.none(), url=some.map(lambda path: f"https://pictures.example/{path}")),
)
tools = st.builds(ToolSpec, name=some, description=words, schema=json_objects, strict=st.booleans())
plain = st.builds(lambda text: Message("user", (text,)), texts)
pictured = st.builds(lambda text, image: Message("user", (text, image)), texts, images)
announced = st.builds(lambda text: Message("system", (text,)), texts)


@st.composite
def turns(draw):
    """A user's turn, perhaps an answer with calls, and then their results."""
    made = [draw(plain | pictured)]
    if draw(st.booleans()):
        calls = draw(st.lists(st.builds(ToolUse, ids, some, json_objects), max_size=2))
        said = draw(st.lists(texts, min_size=0 if calls else 1, max_size=1))
        made.append(Message("assistant", (*said, *calls)))
        results = [ToolResult(call.id, tuple(draw(st.lists(texts, max_size=1)))) for call in calls]
        made += [Message("user", tuple(results))] if results else []
    return made + draw(st.lists(announced, max_size=1))


def numbers(low, high):
    return st.none() | st.floats(low, high)


samplings = st.builds(
    Sampling,
    temperature=numbers(0, 2),
    top_p=numbers(0, 1),
    top_k=st.none() | st.integers(0, 99),
    min_p=numbers(0, 1),
    presence_penalty=numbers(-2, 2),
    frequency_penalty=numbers(-2, 2),
    seed=st.none() | whole,
)


@st.composite
def requests(draw):
    offered = draw(st.lists(tools, max_size=3, unique_by=lambda tool: tool.name))
    choice = ToolChoice()
    if offered:
        name = draw(st.sampled_from(offered)).name
        mode = draw(st.sampled_from(["auto", "none", "any", "tool"]))
        choice = ToolChoice(mode, name if mode == "tool" else None, draw(st.booleans()))
    stream = draw(st.booleans())
    return ChatRequest(
        model=draw(some),
        messages=tuple(m for turn in draw(st.lists(turns(), min_size=1, max_size=3)) for m in turn),
        max_tokens=draw(st.none() | st.integers(1, 99999)),
        system=tuple(draw(st.lists(texts, max_size=1))),
        tools=tuple(offered),
        tool_choice=choice,
        sampling=draw(samplings),
        stop=tuple(draw(st.lists(some, max_size=2))),
        output_schema=draw(st.none() | json_objects),
        stream=stream,
        stream_usage=stream,
    )


# --- events -------------------------------------------------------------------------

counts = st.integers(0, 2**31)
usages = st.builds(Usage, counts, counts, counts, counts)


@st.composite
def calls(draw):
    text = json.dumps(draw(json_objects), ensure_ascii=draw(st.booleans()))
    middle = draw(st.integers(0, len(text)))
    pieces = [piece for piece in (text[:middle], text[middle:]) if piece]
    return [ToolCallStarted(draw(ids), draw(some)), *map(ToolCallDelta, pieces), ToolCallEnded()]


def runs(kind):
    return st.lists(st.builds(kind, some), max_size=3)


def _with_unique_ids(made):
    seen = set()
    for call in made:
        while call[0].id in seen:
            call[0] = ToolCallStarted(call[0].id + "x", call[0].name)
        seen.add(call[0].id)
    return [event for call in made for event in call]


def endings(has_calls):
    if has_calls:
        return st.builds(Finished, st.sampled_from(["tool_use", "max_tokens", "refusal"]), usages)
    plain = st.builds(Finished, st.sampled_from(["end_turn", "max_tokens", "refusal"]), usages)
    return plain | st.builds(Finished, st.just("stop_sequence"), usages, some)


@st.composite
def answers(draw):
    """Thinking, text and calls in any order that a stream can have."""
    made = _with_unique_ids(draw(st.lists(calls(), max_size=3)))
    before = [*draw(runs(ThinkingDelta)), *draw(runs(TextDelta))]
    behind = draw(runs(TextDelta))
    content = [*before, *made, *behind]
    return [Started(draw(some), Usage()), *content, draw(endings(bool(made)))]

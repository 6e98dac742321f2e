"""Hypothesis strategies: requests that the wire can carry, and legal streams of events."""

from hypothesis import strategies as st

from edge.chat import (
    CacheMark,
    ChatRequest,
    Document,
    Finished,
    Image,
    Message,
    Opaque,
    RedactedThinking,
    SafeguardRequest,
    SafeguardResult,
    Sampling,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolChange,
    ToolChoice,
    ToolReference,
    ToolResult,
    ToolSpec,
    ToolUse,
    Usage,
    Verdict,
)
from edge.units import Seconds

words = st.text(max_size=12)
some = st.text(min_size=1, max_size=12)
tokens_of_headers = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)
whole = st.integers(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | whole | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(words, json_values, max_size=3)
caches = st.none() | st.builds(CacheMark, st.sampled_from(["5m", "1h"]))

# --- requests -----------------------------------------------------------------------

texts = st.builds(Text, some, caches)
images = st.one_of(
    st.builds(Image, st.just("image/png"), data=st.binary(max_size=9), cache=caches),
    st.builds(Image, st.none(), url=some, cache=caches),
    st.builds(Image, st.none(), file_id=some, cache=caches),
)
titled = {"title": st.none() | words, "context": st.none() | words, "cache": caches}
documents = st.one_of(
    st.builds(Document, st.just("application/pdf"), data=st.binary(max_size=9), **titled),
    st.builds(Document, st.just("text/plain"), text=words, **titled),
    st.builds(Document, st.none(), parts=st.lists(texts | images, max_size=2).map(tuple), **titled),
    st.builds(Document, st.none(), url=some, **titled),
    st.builds(Document, st.none(), file_id=some, **titled),
)
unknown = st.tuples(st.sampled_from(["server_tool_use", "novelty_2031"]), json_objects).map(
    lambda pair: Opaque(pair[0], {**pair[1], "type": pair[0]})
)
results = st.builds(
    ToolResult,
    some,
    st.lists(texts | images | documents | unknown | st.builds(ToolReference, some), max_size=3).map(
        tuple
    ),
    st.booleans(),
    caches,
)
custom_tools = st.builds(
    ToolSpec,
    name=some,
    description=words,
    schema=json_objects,
    strict=st.booleans(),
    deferred=st.booleans(),
    cache=caches,
)
server_tools = st.builds(
    ToolSpec,
    name=some,
    kind=st.sampled_from(["web_search_20250305", "bash_20250124"]),
    deferred=st.booleans(),
    cache=caches,
)
changes = st.one_of(
    st.builds(ToolChange, st.sampled_from(["addition", "removal"]), some),
    (custom_tools | server_tools).map(lambda tool: ToolChange("addition", tool.name, tool)),
)
parts = st.one_of(
    texts,
    images,
    documents,
    st.builds(Thinking, words, words),
    st.builds(RedactedThinking, words),
    st.builds(ToolUse, some, some, json_objects, caches),
    results,
    changes,
    unknown,
)
messages = st.builds(
    Message,
    st.sampled_from(["user", "assistant", "system"]),
    st.lists(parts, max_size=3).map(tuple),
    st.none() | some,
)
thinking_options = st.one_of(
    st.just(ThinkingOption()),
    st.builds(
        ThinkingOption,
        st.just("enabled"),
        st.integers(1024, 99999),
        st.sampled_from([None, "summarized", "omitted"]),
    ),
    st.builds(
        ThinkingOption,
        st.just("adaptive"),
        st.none(),
        st.sampled_from([None, "summarized", "omitted"]),
    ),
)
shares = st.none() | st.floats(0, 1)


@st.composite
def requests(draw):
    tools = draw(
        st.lists(custom_tools | server_tools, max_size=3, unique_by=lambda tool: tool.name)
    )
    choice = ToolChoice(
        draw(st.sampled_from(["auto", "none"] + (["any"] if tools else []))),
        parallel=draw(st.booleans()),
    )
    if tools and draw(st.booleans()):
        choice = ToolChoice("tool", draw(st.sampled_from(tools)).name, draw(st.booleans()))
    return ChatRequest(
        model=draw(some),
        messages=tuple(draw(st.lists(messages, min_size=1, max_size=3))),
        max_tokens=draw(st.integers(0, 99999)),
        system=tuple(draw(st.lists(texts, max_size=2))),
        tools=tuple(tools),
        tool_choice=choice,
        sampling=Sampling(draw(shares), draw(shares), draw(st.none() | st.integers(0, 99))),
        stop=tuple(draw(st.lists(some.filter(str.strip), max_size=2))),
        thinking=draw(thinking_options),
        effort=draw(st.none() | some),
        output_schema=draw(st.none() | json_objects),
        stream=draw(st.booleans()),
        user_id=draw(st.none() | words),
        session=draw(st.none() | tokens_of_headers),
        agent=draw(st.none() | tokens_of_headers),
        parent_agent=draw(st.none() | tokens_of_headers),
        betas=tuple(draw(st.lists(tokens_of_headers, max_size=3))),
        safeguards=tuple(draw(st.lists(st.builds(SafeguardRequest, some, json_objects)))),
        deadline=draw(st.none() | st.floats(0.001, 1e6).map(Seconds)),
    )


# --- events -------------------------------------------------------------------------

counts = st.integers(0, 2**31)
usages = st.builds(Usage, counts, counts, counts, counts)
text_runs = st.lists(st.builds(TextDelta, some), min_size=1, max_size=3)
thinking_runs = st.lists(st.builds(ThinkingDelta, some), min_size=1, max_size=3)


@st.composite
def calls(draw):
    pieces = draw(
        st.sampled_from([["{}"], ['{"command":', ' "ls"}'], ["{", '"a"', ": [1, null]", "}"]])
    )
    opened = ToolCallStarted("toolu_" + draw(tokens_of_headers), draw(some))
    return [opened, *map(ToolCallDelta, pieces), ToolCallEnded()]


@st.composite
def phases(draw, closing):
    """Thinking, then text, then calls: at least one, but for the last phase."""
    thinking = draw(st.just([]) | thinking_runs)
    text = draw(st.just([]) | text_runs)
    made = [] if closing else draw(st.lists(calls(), min_size=1, max_size=2))
    return [*thinking, *text, *(event for call in made for event in call)]


verdicts = st.one_of(st.just(Verdict("not_flagged")), st.builds(Verdict, st.just("flagged"), words))
safeguard_results = st.builds(
    SafeguardResult, some, st.dictionaries(some, verdicts, max_size=2).map(lambda d: (*d.items(),))
)
endings = st.builds(
    Finished,
    st.sampled_from(["end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal"]),
    usages,
    st.none() | some,
    st.lists(safeguard_results, max_size=2).map(tuple),
)


@st.composite
def answers(draw):
    """A stream whose thinking never comes between two pieces of one text."""
    middle = draw(st.lists(phases(closing=False), max_size=2))
    last = draw(phases(closing=True))
    content = [event for phase in [*middle, last] for event in phase]
    return [Started(draw(some), draw(usages)), *content, draw(endings)]


@st.composite
def wild_answers(draw):
    """Any legal stream, empty pieces and alternation included."""
    single = st.one_of(
        st.builds(TextDelta, words).map(lambda event: [event]),
        st.builds(ThinkingDelta, words).map(lambda event: [event]),
        calls(),
        st.just([ToolCallStarted("toolu_x", "NoArguments"), ToolCallEnded()]),
    )
    content = [event for group in draw(st.lists(single, max_size=8)) for event in group]
    return [Started("m", draw(usages)), *content, draw(endings)]

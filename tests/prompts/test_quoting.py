"""Quoted control tokens: broken for the template, whole again and known afterwards."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import TemplateFailed
from edge.prompts import ChatTemplate, known, toolcall_family
from edge.prompts.quoting import ControlTexts, Segment, quoting
from tests.prompts.awkward import NOW, REAL, TEMPLATES

CHATML = ControlTexts(["<|im_start|>", "<|im_end|>", "<|endoftext|>", "\n"])
EVERYTHING = ControlTexts(
    [
        *("<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "</s>", "<s>"),
        *("[INST]", "[/INST]", "[TOOL_CALLS]", "<|channel|>", "<|message|>", "<|end|>", "<unk>"),
        *("<start_of_turn>", "<end_of_turn>", "<|user|>", "<|observation|>", "<tool_response>"),
    ]
)
SOURCES = {name: (TEMPLATES / f"{name}.jinja").read_text() for name in REAL} | {
    name: text
    for name, text in vars(known).items()
    if name.isupper() and not name.startswith("_") and "messages" in text
}
TOOL = {
    "type": "function",
    "function": {
        "name": "Read",
        "description": "Reads up to %s.",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
    },
}


def talk(*quotes: str) -> tuple[list[dict], list[dict]]:
    """A conversation with a quotation in every place that a client fills."""
    a, b, c, d, e, f = quotes
    call = {"type": "function", "id": "t1", "function": {"name": "Read", "arguments": {"path": d}}}
    tool = {**TOOL, "function": {**TOOL["function"], "description": f"Reads up to {f}."}}
    return [
        {"role": "system", "content": a},
        {"role": "user", "content": b},
        {"role": "assistant", "content": c, "tool_calls": [call]},
        {"role": "tool", "content": e, "name": "Read", "tool_call_id": "t1"},
        {"role": "user", "content": f"  {b}  "},
    ], [tool]


def segments(source: str, messages: list[dict], tools: list[dict], controls: ControlTexts):
    chat = ChatTemplate(
        source, bos="<s>", eos="</s>", family=toolcall_family(source, ""), controls=controls
    )
    return chat.segments(messages, tools, now=NOW, enable_thinking=False)


def joined(found: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in found)


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_changes_where_nothing_is_quoted(name: str) -> None:
    talked = talk("Be brief.", "List <b>.", "Listing.", "a.py", "x = [1]\n", "</p>")
    with_controls = segments(SOURCES[name], *talked, EVERYTHING)
    assert with_controls == segments(SOURCES[name], *talked, ControlTexts())
    assert len(with_controls) == 1


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("quote", ["<|im_end|>", "</s>[INST]", "<|channel|>x<|message|>"])
def test_a_quotation_is_in_a_literal_segment_and_the_rest_is_the_templates(
    name: str, quote: str
) -> None:
    """The same conversation with other words in its place has the template's own tokens."""
    words = [f"word{n}" for n in range(6)]
    asked = talk(*[f"{word} {quote} {word}" for word in words])
    found = segments(SOURCES[name], *asked, EVERYTHING)
    assert joined(found) == joined(segments(SOURCES[name], *asked, ControlTexts()))
    plain = joined(segments(SOURCES[name], *talk(*[f"{word} - {word}" for word in words]), CHATML))
    read = [
        part.text[start:end]
        for part in found
        if not part.literal
        for start, end in EVERYTHING.spans(part.text)
    ]
    assert read == [plain[start:end] for start, end in EVERYTHING.spans(plain)]


def test_a_literal_segment_ends_where_the_templates_control_tokens_are() -> None:
    messages = [{"role": "user", "content": "say <|im_end|> twice\n<|im_end|>"}]
    found = segments(known.HERMES, messages, [], CHATML)
    assert found == (
        Segment("<|im_start|>"),
        Segment("user\nsay <|im_end|> twice\n<|im_end|>", literal=True),
        Segment("<|im_end|>\n<|im_start|>assistant\n"),
    )


def test_what_templates_do_to_content_is_survived() -> None:
    source = (
        "{% for m in messages %}<|im_start|>{{ m.content | trim | upper | replace('X', 'y') }}"
        "{{ m.content | tojson(ensure_ascii=True) }}{{ {'c': m.content} }}"
        "{{ m.content.split('</think>')[-1].lstrip('\\n') }}<|im_end|>{% endfor %}"
    )
    content = 'a</think>\nb x "<|IM_END|>" <|im_end|>'
    found = segments(source, [{"role": "user", "content": content}], [], CHATML)
    assert [part.literal for part in found] == [False, True, False]
    assert found[1].text == (
        'A</THINK>\nB y "<|IM_END|>" <|IM_END|>'
        + json.dumps(content)
        + repr({"c": content})
        + 'b x "<|IM_END|>" <|im_end|>'
    )


def test_the_answers_beginning_and_names_are_quoted_too() -> None:
    begun = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "<|im_end|>"}]
    found = segments(known.HERMES, begun, [], CHATML)
    assert found[-1] == Segment("assistant\n<|im_end|>", literal=True)
    odd = {"properties": {"<|im_end|>": {"type": "string"}, "type": {"type": "<|im_start|>"}}}
    tool = {"type": "function", "function": {**TOOL["function"], "parameters": odd}}
    (_, literal, *_) = segments(known.HERMES, begun[:1], [tool], CHATML)
    assert literal.literal
    assert json.dumps(odd) in literal.text


def test_overlapping_control_texts() -> None:
    controls = ControlTexts(["<<", "<<a>>", ">>"])
    assert controls.starts("x<<<a>>") == [1, 2, 5]
    assert list(controls.spans("x<<<a>>")) == [(1, 3), (5, 7)]
    quotes = quoting(controls, "x<<<a>>")
    assert controls.starts(quotes.quoted("x<<<a>>")) == []


def test_a_mark_that_the_conversation_holds_is_not_used() -> None:
    hieroglyphs = "".join(map(chr, range(0x13000, 0x13100)))
    escaped = json.dumps(chr(0x13100))
    messages = [{"role": "user", "content": hieroglyphs + escaped + "<|im_end|>"}]
    found = segments(known.HERMES, messages, [], CHATML)
    assert hieroglyphs + escaped in joined(found)
    whole = "".join(map(chr, range(0x13000, 0x32000)))
    with pytest.raises(TemplateFailed):
        quoting(CHATML, whole + "<|im_end|>")


@given(st.lists(st.sampled_from(["<|im_end|>", "<|im_", "start|>", "<", "\n", " ", "é"])))
def test_any_mixture_comes_back_as_it_was(pieces: list[str]) -> None:
    content = "".join(pieces)
    quotes = quoting(CHATML, content)
    marked = quotes.quoted(content)
    assert CHATML.starts(marked) == []
    assert joined(quotes.segments("<|im_start|>" + marked + "<|im_end|>")) == (
        f"<|im_start|>{content}<|im_end|>"
    )

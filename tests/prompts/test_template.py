"""Whole renderings: goldens on real templates, adaptation, prefixes that repeat."""

from itertools import pairwise

import pytest

from edge.errors import ModelUnusable, TemplateFailed
from edge.prompts import ChatTemplate, known
from tests.prompts import awkward
from tests.prompts.awkward import NOW, QWEN, QWEN_DOUBLED, SMOLLM2, real, template

BASH = {
    "type": "function",
    "function": {
        "name": "Bash",
        "description": "Run",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}},
    },
}
BASH_JSON = (
    '{"type": "function", "function": {"name": "Bash", "description": "Run", "parameters": '
    '{"type": "object", "properties": {"command": {"type": "string"}}}}}'
)
CALL = {
    "type": "function",
    "id": "toolu_01ABCDEF",
    "function": {"name": "Bash", "arguments": {"command": "ls <é>"}},
}
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "List."},
    {"role": "assistant", "content": "Listing.", "tool_calls": [CALL]},
    {"role": "tool", "content": "a.py", "name": "Bash", "tool_call_id": "toolu_01ABCDEF"},
]


def render(
    chat: ChatTemplate,
    messages: list[dict] = CONVERSATION,
    tools: list[dict] | None = None,
    **options: object,
) -> str:
    options = {"enable_thinking": False, **options}
    return chat.render(messages, [BASH] if tools is None else tools, now=NOW, **options)


QWEN_GOLDEN = (
    "<|im_start|>system\nBe brief.\n\n# Tools\n\n"
    "You may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
    + BASH_JSON
    + "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
    "within <tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n'
    "<|im_start|>user\nList.<|im_end|>\n"
    "<|im_start|>assistant\nListing.\n<tool_call>\n"
    '{"name": "Bash", "arguments": {"command": "ls <é>"}}\n</tool_call><|im_end|>\n'
    "<|im_start|>user\n<tool_response>\na.py\n</tool_response><|im_end|>\n"
    "<|im_start|>assistant\n"
)


def test_qwen_golden() -> None:
    assert render(real(QWEN)) == QWEN_GOLDEN


def test_our_own_hermes_template_writes_what_qwens_does() -> None:
    assert render(template(known.HERMES)) == QWEN_GOLDEN


def test_smollm2_golden() -> None:
    text = render(real(SMOLLM2), CONVERSATION[:2], [])
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nList.<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    with_tools = render(real(SMOLLM2))
    assert BASH_JSON in with_tools
    assert '<tool_call>\n{"name": "Bash", "arguments": {"command": "ls <é>"}}' in with_tools
    assert "<|im_start|>user\n<tool_response>\na.py\n</tool_response><|im_end|>" in with_tools


GOLDENS = {
    "LLAMA3": (
        "<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nYes?<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "LLAMA2": "<s>[INST] Hi [/INST] Yes? </s><s>[INST] Bye [/INST]",
    "MISTRAL_V1": "<s>[INST] Hi [/INST] Yes?</s>[INST] Bye [/INST]",
    "MISTRAL_V3": "<s>[INST] Hi[/INST] Yes?</s>[INST] Bye[/INST]",
    "MISTRAL_NEMO": "<s>[INST]Hi[/INST]Yes?</s>[INST]Bye[/INST]",
    "MISTRAL_V7": "<s>[INST]Hi[/INST]Yes?</s>[INST]Bye[/INST]",
    "GEMMA": (
        "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nYes?<end_of_turn>\n"
        "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n"
    ),
    "GLM4": "[gMASK]<sop><|user|>\nHi<|assistant|>\nYes?<|user|>\nBye<|assistant|>\n",
    "PHI3": (
        "<|user|>\nHi<|end|>\n<|assistant|>\nYes?<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n"
    ),
    "PHI4_MINI": "<|user|>Hi<|end|><|assistant|>Yes?<|end|><|user|>Bye<|end|><|assistant|>",
    "PHI4": (
        "<|im_start|>user<|im_sep|>Hi<|im_end|><|im_start|>assistant<|im_sep|>Yes?<|im_end|>"
        "<|im_start|>user<|im_sep|>Bye<|im_end|><|im_start|>assistant<|im_sep|>"
    ),
    "DEEPSEEK": "<s><|User|>Hi<|Assistant|>Yes?</s><|User|>Bye<|Assistant|>".replace("|", "\uff5c"),
    "GRANITE": (
        "<|start_of_role|>user<|end_of_role|>Hi<|end_of_text|>\n"
        "<|start_of_role|>assistant<|end_of_role|>Yes?<|end_of_text|>\n"
        "<|start_of_role|>user<|end_of_role|>Bye<|end_of_text|>\n"
        "<|start_of_role|>assistant<|end_of_role|>"
    ),
    "QWEN3": (
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes?<|im_end|>\n"
        "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    ),
}
CHAT = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Bye"},
]


@pytest.mark.parametrize("name", GOLDENS)
def test_family_goldens(name: str) -> None:
    chat = template(getattr(known, name), bos="<s>", eos="</s>")
    assert render(chat, CHAT, []) == GOLDENS[name]


CALL_GOLDENS = {
    "LLAMA3": (
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
        '{"name": "Bash", "parameters": {"command": "ls <é>"}}<|eot_id|>'
        "<|start_header_id|>ipython<|end_header_id|>\n\na.py<|eot_id|>"
    ),
    "MISTRAL_NEMO": (
        '[TOOL_CALLS][{"name": "Bash", "arguments": {"command": "ls <é>"}, "id": "call00000"}]</s>'
        '[TOOL_RESULTS]{"content": "a.py", "call_id": "call00000"}[/TOOL_RESULTS]'
    ),
    "MISTRAL_V13": (
        'Listing.[TOOL_CALLS]Bash[ARGS]{"command": "ls <é>"}</s>[TOOL_RESULTS]a.py[/TOOL_RESULTS]'
    ),
    "GLM45": (
        "<|assistant|>\n<think></think>\nListing.\n<tool_call>Bash\n<arg_key>command</arg_key>\n"
        "<arg_value>ls <é></arg_value>\n</tool_call><|observation|>\n<tool_response>\na.py\n"
        "</tool_response>"
    ),
    "QWEN_XML": (
        "<|im_start|>assistant\nListing.\n<tool_call>\n<function=Bash>\n<parameter=command>\n"
        "ls <é>\n</parameter>\n</function>\n</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\na.py\n</tool_response><|im_end|>\n"
    ),
    "HARMONY": (
        "<|start|>assistant<|channel|>commentary<|message|>Listing.<|end|>"
        "<|start|>assistant<|channel|>commentary to=functions.Bash <|constrain|>json<|message|>"
        '{"command": "ls <é>"}<|call|>'
        "<|start|>functions.Bash to=assistant<|channel|>commentary<|message|>a.py<|end|>"
    ),
}


@pytest.mark.parametrize("name", CALL_GOLDENS)
def test_family_call_goldens(name: str) -> None:
    text = render(template(getattr(known, name), bos="<s>", eos="</s>"))
    assert CALL_GOLDENS[name] in text
    assert '"command": {"type": "string"}' in text


# --- awkward templates ------------------------------------------------------------------------

AWKWARD = [
    value
    for name, value in vars(awkward).items()
    if name.isupper() and isinstance(value, str) and "{" in value
]


@pytest.mark.parametrize("source", AWKWARD)
def test_every_awkward_template_tells_everything(source: str) -> None:
    text = render(template(source))
    for word in ("Be brief.", "List.", "Bash", "command", "ls <é>", "a.py"):
        assert word in text


def test_a_refusal_at_run_time_falls_back_to_plain_text() -> None:
    source = awkward.TEXT_ARGUMENTS.replace(
        "{{- '<' + m.role",
        "{%- if m.role == 'tool' and 'bad' in m.content %}{{ raise_exception('x') }}{% endif %}"
        "{{- '<' + m.role",
    )
    chat = template(source)
    assert chat.capabilities.results
    bad = [*CONVERSATION[:3], {**CONVERSATION[3], "content": "bad"}]
    assert "<user><tool_response>\nbad" in render(chat, bad)


def test_what_is_refused_in_every_form_is_one_sentence() -> None:
    source = (
        "{% for m in messages %}{% if 'bad' in m.content %}{{ raise_exception('No.') }}"
        "{% endif %}{{ m.content }}{% endfor %}"
    )
    with pytest.raises(TemplateFailed, match=r"rejects this conversation: No\."):
        render(template(source), [{"role": "user", "content": "bad"}])


def test_a_template_without_messages_is_unusable() -> None:
    with pytest.raises(ModelUnusable, match="single user message"):
        template("hello")


# --- reasoning and a given beginning ------------------------------------------------------------


def test_thinking_is_switched() -> None:
    chat = template(known.QWEN35)
    on, off = render(chat, CHAT, enable_thinking=True), render(chat, CHAT)
    assert chat.opens_reasoning(on)
    assert not chat.opens_reasoning(off)
    assert not real(QWEN).opens_reasoning(render(real(QWEN), CHAT))


def test_the_answers_beginning_is_left_open() -> None:
    begun = [*CHAT, {"role": "assistant", "content": "Good"}]
    assert render(real(QWEN), begun, []).endswith("<|im_start|>assistant\nGood")
    always = known.HERMES + "{{ '<think>\n' if add_generation_prompt else '' }}"
    assert render(template(always), begun, []).endswith("<think>\n\n</think>\n\nGood")


def test_effort_reaches_gpt_oss() -> None:
    assert "Reasoning: high" in render(template(known.HARMONY), reasoning_effort="high")


def test_thinking_and_effort_reach_only_templates_that_know_them() -> None:
    source = (
        "{{ messages[0].content }} {{ enable_thinking }} "
        "{%- if reasoning_effort is defined and reasoning_effort not in ['low', 'high'] %}"
        "{{ raise_exception('no such level') }}{% endif %}"
    )
    knows_thinking = template(source)
    asked = {"enable_thinking": True, "reasoning_effort": "medium"}
    assert "True" in render(knows_thinking, CHAT[:1], [], **asked)
    assert not knows_thinking.capabilities.effort_levels
    spied = "{{ messages[0].content }}{% if reasoning_effort %}!{% endif %}"
    assert "!" not in render(template(spied), CHAT[:1], [], **asked)
    assert render(real(QWEN), CHAT, **asked) == render(real(QWEN), CHAT)


# --- prefixes -----------------------------------------------------------------------------------

LONG = [
    *CONVERSATION,
    {"role": "assistant", "content": "One file."},
    {"role": "user", "content": "Thanks."},
    {"role": "assistant", "content": "Sure."},
    {"role": "user", "content": "Again."},
]


@pytest.mark.parametrize(
    "chat",
    [
        real(QWEN),
        real(QWEN_DOUBLED),
        real(SMOLLM2),
        template(known.HERMES),
        template(known.LLAMA3),
        template(known.GEMMA),
        template(known.GRANITE),
    ],
)
def test_a_longer_conversation_begins_with_the_shorter(chat: ChatTemplate) -> None:
    # Not at a cut between a call's result and the user's words: those are one turn.
    texts = [render(chat, LONG[:n]) for n in (2, 4, 6, 8)]
    assert all(longer.startswith(shorter) for shorter, longer in pairwise(texts))


def test_where_a_prefix_breaks_it_is_known() -> None:
    """Qwen 3 without thinking breaks only behind the last turn; tools that move, at the front."""
    chat = template(known.QWEN3)
    first, second = render(chat, LONG[:4]), render(chat, LONG[:6])
    assert not second.startswith(first)
    assert second.startswith(first.removesuffix("<think>\n\n</think>\n\n"))
    assert chat.capabilities.append_only
    assert not template(awkward.MOVES_TOOLS).capabilities.append_only

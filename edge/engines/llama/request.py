"""A ChatRequest as worker frames; pure, the time is an argument.

Used by the llama engine only. ``now`` is in seconds since the epoch.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from edge.chat import ChatRequest, JsonObject, Sampling, ToolSpec
from edge.engines.base import Question
from edge.engines.frames import Generate, NarrowedProperty, Prompt, SamplingValues, Tool, Weigh
from edge.prompts import (
    coach,
    editable,
    is_owed_a_call,
    known_files,
    may_create,
    new_files,
    normalise,
    resting_tools,
    shown,
    spared,
    to_messages,
    trimmed,
)
from edge.prompts.thinking import reasoning_effort, wants_thinking
from edge.toolcalls import check_satisfiable, check_tools

ACT = 0.4
"""Share of the first token's probability from which a coached model is held to a call.
Qwen2.5-Coder 0.5B and 1.5B give everyday tasks 0.45 to 0.95; greetings, thanks and poems
less than 0.15."""

ACT_WHEN_OWED = 0.05
"""The same while a change was asked for and nothing has been done: showing code in prose
does not change a file."""

SPEAK = 2.0
"""No share reaches it: a call is ruled out."""


def prompt_frame(request: ChatRequest, *, coached: bool, now: float) -> Prompt:
    """The conversation in the shape chat templates take; ``coached`` for a small model.

    Raises UnsupportedInput.
    """
    return _prompt(_local(request, coached), now)


def generate_frame(number: int, request: ChatRequest, *, coached: bool, now: float) -> Generate:
    """The whole request for the worker. Raises UnsupportedInput, UnsatisfiableSchema."""
    seen = _seen(request, coached)
    told = coach(seen) if coached else seen
    check_tools(seen.tools)
    if seen.output_schema is not None:
        check_satisfiable(seen.output_schema)
    offered = _rested(seen, _offered(seen)) if coached else _offered(seen)
    return Generate(
        id=number,
        prompt=_prompt(told, now),
        offered=[_tool(seen, tool, coached=coached) for tool in offered],
        choice=_choice(seen, offered),
        parallel=seen.tool_choice.parallel,
        sampling=_sampling(told.sampling),
        stop=list(seen.stop),
        max_tokens=seen.max_tokens,
        output_schema=None if seen.output_schema is None else _plain(seen.output_schema),
        narrowed=_narrowed(seen, offered) if coached else [],
        coached=coached,
        act_from=_act_from(seen, offered),
    )


def question_frame(number: int, question: Question, *, now: float) -> Weigh:
    """A question as a conversation in which the examples have been answered already, with a
    model that is not to think first."""
    messages = [{"role": "system", "content": question.system}]
    for text, label in question.examples:
        messages.append({"role": "user", "content": text})
        messages.append({"role": "assistant", "content": label})
    messages.append({"role": "user", "content": question.text})
    prompt = Prompt(messages=messages, tools=[], enable_thinking=False, now=now)
    return Weigh(number, prompt, list(question.labels))


def _tool(local: ChatRequest, tool: ToolSpec, *, coached: bool) -> Tool:
    schema = _plain(tool.schema)
    if coached:
        schema = trimmed(local, tool.name, schema)
    return Tool(tool.name, tool.description, schema)


def _seen(request: ChatRequest, coached: bool) -> ChatRequest:
    seen = normalise(request)
    return shown(seen) if coached else seen


def _local(request: ChatRequest, coached: bool) -> ChatRequest:
    seen = _seen(request, coached)
    return coach(seen) if coached else seen


def _rested(local: ChatRequest, offered: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
    """Without the tools that make no sense now; a call that is demanded stays possible."""
    resting = resting_tools(local)
    rested = tuple(tool for tool in offered if tool.name not in resting)
    return rested or (offered if local.tool_choice.mode in ("any", "tool") else ())


def _act_from(local: ChatRequest, offered: tuple[ToolSpec, ...]) -> float:
    if local.tools and not offered:
        return SPEAK
    return ACT_WHEN_OWED if is_owed_a_call(local) else ACT


def _narrowed(local: ChatRequest, offered: tuple[ToolSpec, ...]) -> list[NarrowedProperty]:
    """An edit replaces text that was seen in that file. Where nothing else creates files, an
    edit of an empty old_string does, in any place where no file is known to be."""
    names = {tool.name for tool in offered}
    if "Edit" not in names:
        return []
    files = known_files(local)
    cases = [
        NarrowedProperty(
            "Edit", "old_string", editable(local, file), where=("file_path", file.path)
        )
        for file in files
        if file.text and not spared(local, file.path)
    ]
    if "Write" not in names and may_create(local):
        cases += _creations(local, tuple(file.path for file in files))
    return cases


def _creations(local: ChatRequest, taken: tuple[str, ...]) -> list[NarrowedProperty]:
    """Edits of an empty old_string: at the places that the person named, or else at any
    where no file is known to be."""
    empty = NarrowedProperty("Edit", "old_string", [], or_empty=True)
    places = [path for path in new_files(local) if path not in taken]
    if not places:
        return [msgspec.structs.replace(empty, unless=("file_path", taken))]
    return [msgspec.structs.replace(empty, where=("file_path", path)) for path in places]


def _prompt(local: ChatRequest, now: float) -> Prompt:
    messages, tools = to_messages(local)
    return Prompt(
        messages=messages,
        tools=[] if local.tool_choice.mode == "none" else tools,
        enable_thinking=wants_thinking(local),
        now=now,
        reasoning_effort=reasoning_effort(local),
    )


def _offered(local: ChatRequest) -> tuple[ToolSpec, ...]:
    match local.tool_choice.mode:
        case "none":
            return ()
        case "tool":
            return tuple(tool for tool in local.tools if tool.name == local.tool_choice.name)
        case _:
            return local.tools


def _choice(local: ChatRequest, offered: tuple[ToolSpec, ...]) -> Any:
    if not offered:
        return "none"
    return "any" if local.tool_choice.mode in ("any", "tool") else "auto"


def _sampling(sampling: Sampling) -> SamplingValues:
    return SamplingValues(
        **{name: getattr(sampling, name) for name in SamplingValues.__struct_fields__}
    )


def _plain(schema: JsonObject) -> dict[str, Any]:
    return cast(dict[str, Any], msgspec.to_builtins(schema))

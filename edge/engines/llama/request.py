"""A ChatRequest as worker frames; pure but for the clock argument.

Used by the llama engine only.
"""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec

from edge.chat import ChatRequest, JsonObject, Sampling, ToolSpec
from edge.engines.frames import Generate, Prompt, SamplingValues, Tool
from edge.prompts import normalise, to_messages


def prompt_frame(request: ChatRequest) -> Prompt:
    """The conversation in the shape chat templates take. Raises UnsupportedInput."""
    return _prompt(normalise(request))


def generate_frame(number: int, request: ChatRequest) -> Generate:
    """The whole request for the worker. Raises UnsupportedInput."""
    local = normalise(request)
    offered = _offered(local)
    return Generate(
        id=number,
        prompt=_prompt(local),
        offered=[Tool(tool.name, tool.description, _plain(tool.schema)) for tool in offered],
        choice=_choice(local, offered),
        parallel=local.tool_choice.parallel,
        sampling=_sampling(local.sampling),
        stop=list(local.stop),
        max_tokens=local.max_tokens,
        output_schema=None if local.output_schema is None else _plain(local.output_schema),
    )


def _prompt(local: ChatRequest) -> Prompt:
    messages, tools = to_messages(local)
    return Prompt(
        messages=messages,
        tools=[] if local.tool_choice.mode == "none" else tools,
        enable_thinking=local.thinking.mode == "enabled",
        now=time.time(),
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

"""The coached conversation: an introduction to the tools with an example, hints behind
results, a summons. Pure.

The introduction stands in the system text and is the same for every project; what names the
project stands behind the tools, in the first turn, so that their tokens are shared.
"""

from __future__ import annotations

from dataclasses import replace

from edge.chat import ChatRequest, Message, Part, Sampling, Text, ToolResult, ToolUse
from edge.prompts.coaching.files import shows_file, without_line_numbers
from edge.prompts.coaching.hints import Past
from edge.prompts.coaching.stance import time_for_words, wanted_output
from edge.prompts.coaching.transcript import (
    BASH,
    EDIT,
    READ,
    WRITE,
    Step,
    is_reminder,
    parts,
    task,
    task_of,
    working_directory,
)

AGENT_TEMPERATURE = 0.2
"""Where the client asks for none; the families' chat defaults of 0.7 and more miss edits."""

_INTRODUCTION = """\
# How to work
You act through the tools. A task is done by calls, never by describing or showing what could \
be done: make one call, wait for its result, then make the next.
- To look at a file, call Read. To run a program, to see which files there are (find . -type f) \
or to search in them (grep -rn WORD .), call Bash.
- Do not count or calculate in your head: run a command for it (wc -l, grep -c, python3 -c).
- To change a file, Read it first; then call Edit: old_string is copied from the file \
exactly, new_string is what stands there afterwards.
- {create}
- Do not send a call again that failed; change it.
- A greeting, or a question about general knowledge, is answered in words at once.
- When everything is done, answer with one or two plain sentences and no call. Facts you \
were asked for belong in that answer."""

_EXAMPLE = """\
<system-reminder>
# Example
The user asks: The limit in limits.py should be 20.
You answer:
{{"name": "Read", "arguments": {{"file_path": "{cwd}/limits.py"}}}}
The result is: LIMIT = 10
You answer:
{{"name": "Edit", "arguments": {{"file_path": "{cwd}/limits.py", "old_string": "LIMIT = 10", \
"new_string": "LIMIT = 20"}}}}
The result is: The file has been updated.
You answer:
The limit in limits.py is now 20.

The user asks: Make hello.sh with one line: echo hi
You answer:
{make}
The result is: The file has been created.
You answer:
hello.sh is made.
</system-reminder>"""

_MAKE_BY_WRITE = """\
{{"name": "Write", "arguments": {{"file_path": "{cwd}/hello.sh", "content": "echo hi\\n"}}}}"""
_MAKE_BY_EDIT = """\
{{"name": "Edit", "arguments": {{"file_path": "{cwd}/hello.sh", "old_string": "", \
"new_string": "echo hi\\n"}}}}"""

_CREATE_BY_WRITE = "To create a file, call Write with its whole content."
_CREATE_BY_EDIT = (
    'To create a new file, call Edit with old_string "" (empty) and the whole content of the '
    "file as new_string."
)


_ANSWER_NOW = (
    "You have all you need. Answer in one or two plain sentences, with the facts from the "
    "results above, no call: {task}"
)
_TELL_IT = (
    "The user said: {task}\n"
    "Tell them in one plain sentence, no call, that the command has printed:\n{output}"
)

OUTPUT_LIMIT = 600
"""Characters of an output that is said again in front of the words about it."""


def coach(request: ChatRequest) -> ChatRequest:
    """The request with an introduction to its tools and hints behind their results."""
    names = {tool.name for tool in request.tools}
    if not {READ, EDIT, BASH} <= names:
        return request
    introduction = _INTRODUCTION.format(
        create=_CREATE_BY_WRITE if WRITE in names else _CREATE_BY_EDIT
    )
    return replace(
        request,
        system=(*request.system, Text(introduction)),
        messages=(*_exemplified(_hinted(request), request), *_summons(request)),
        sampling=_steady(request.sampling),
    )


def _exemplified(messages: tuple[Message, ...], request: ChatRequest) -> tuple[Message, ...]:
    """The messages with an example in the project's own paths: models copy its paths, too."""
    first = next((i for i, m in enumerate(messages) if m.role == "user"), None)
    if first is None:
        return messages
    cwd = working_directory(request)
    by_write = any(tool.name == WRITE for tool in request.tools)
    make = (_MAKE_BY_WRITE if by_write else _MAKE_BY_EDIT).format(cwd=cwd)
    example = Text(_EXAMPLE.format(cwd=cwd, make=make))
    told = list(messages[first].parts)
    behind = next((i for i, part in enumerate(told) if not _is_reminder(part)), len(told))
    told.insert(behind, example)
    led = replace(messages[first], parts=tuple(told))
    return (*messages[:first], led, *messages[first + 1 :])


def _is_reminder(part: Part) -> bool:
    return isinstance(part, Text) and is_reminder(part.text)


def _summons(request: ChatRequest) -> tuple[Message, ...]:
    """When it is time for words, the task once more: it is far away by now. A short output comes
    with it, or half a billion parameters tell what the example's did."""
    if not time_for_words(request):
        return ()
    output, words = wanted_output(request), task(request)
    if output and len(output) <= OUTPUT_LIMIT:
        said = _TELL_IT.format(output=output, task=words)
    else:
        said = _ANSWER_NOW.format(task=words)
    return (Message("user", (Text(said),)),)


def _steady(asked: Sampling) -> Sampling:
    """Little chance and no penalty on repeats: an edit copies paths and lines exactly."""
    return replace(
        asked,
        temperature=AGENT_TEMPERATURE if asked.temperature is None else asked.temperature,
        repeat_penalty=1.0 if asked.repeat_penalty is None else asked.repeat_penalty,
    )


def _hinted(request: ChatRequest) -> tuple[Message, ...]:
    """The messages, each result with what a small model should know about it.

    What a hint says depends on the messages before it only, so that it never changes.
    """
    calls = {part.id: part for part in parts(request.messages) if isinstance(part, ToolUse)}
    past = Past(working_directory(request))
    hinted: list[Message] = []
    for message in request.messages:
        if words := task_of(message):
            past.begin(words)
        hinted.append(
            replace(message, parts=tuple(_with_hints(part, calls, past) for part in message.parts))
        )
    return tuple(hinted)


def _with_hints(part: Part, calls: dict[str, ToolUse], past: Past) -> Part:
    if not isinstance(part, ToolResult) or (call := calls.get(part.tool_use_id)) is None:
        return part
    step = Step(call, part)
    content = _unnumbered(part.content) if shows_file(step) else part.content
    hints = past.hints(step)
    more = (Text("\n" + "\n".join(hints)),) if hints else ()
    return replace(part, content=(*content, *more))


def _unnumbered(content: tuple[Part, ...]) -> tuple[Part, ...]:
    """A file as it is: small models copy line numbers into their edits."""
    return tuple(
        replace(part, text=without_line_numbers(part.text)) if isinstance(part, Text) else part
        for part in content
    )

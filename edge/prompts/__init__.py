"""From a chat request to the text a local model reads: chat templates and their quirks.

The door: normalise a request, make messages of it, render them with the model's template.
Pure; knows no wire format, no tokenizer and no clock. Called by engines.
"""

from edge.prompts.capabilities import Capabilities
from edge.prompts.coaching import (
    KnownFile,
    coach,
    editable,
    is_owed_a_call,
    known_files,
    may_create,
    new_files,
    resting_tools,
    shown,
    spared,
    trimmed,
)
from edge.prompts.conversation import to_messages
from edge.prompts.families import template_for
from edge.prompts.markers import reasoning_tags, repair_example, toolcall_family
from edge.prompts.normalise import normalise
from edge.prompts.sampling import sampling_defaults, sampling_reason, with_defaults
from edge.prompts.sandbox import ChatMessage, ChatTool
from edge.prompts.template import ChatTemplate

__all__ = [
    "Capabilities",
    "ChatMessage",
    "ChatTemplate",
    "ChatTool",
    "KnownFile",
    "coach",
    "editable",
    "is_owed_a_call",
    "known_files",
    "may_create",
    "new_files",
    "normalise",
    "reasoning_tags",
    "repair_example",
    "resting_tools",
    "sampling_defaults",
    "sampling_reason",
    "shown",
    "spared",
    "template_for",
    "to_messages",
    "toolcall_family",
    "trimmed",
    "with_defaults",
]

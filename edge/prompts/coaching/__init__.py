"""Help that a small model needs to act as an agent: how to work, what happened, what is left.

Pure functions of the conversation, so that a repeated prefix stays the same text. Knows
Claude Code's own tools by name and leaves conversations without them alone. Called by the
llama engine, before the conversation is rendered.
"""

from edge.prompts.coaching.arguments import trimmed
from edge.prompts.coaching.coach import coach
from edge.prompts.coaching.files import KnownFile, known_files
from edge.prompts.coaching.stance import (
    editable,
    is_owed_a_call,
    may_create,
    new_files,
    resting_tools,
    spared,
)
from edge.prompts.coaching.toolset import shown

__all__ = [
    "KnownFile",
    "coach",
    "editable",
    "is_owed_a_call",
    "known_files",
    "may_create",
    "new_files",
    "resting_tools",
    "shown",
    "spared",
    "trimmed",
]

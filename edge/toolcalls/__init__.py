"""Tool calls in the text that models write: read, held to their schemas, or forced.

The door of the package: ``Parser`` reads an answer as it comes, ``forced_grammar`` and
``output_grammar`` shape one from its first token, ``check_tools`` refuses schemas that
nothing can meet. Pure; the engine that compiles the grammars lives in the worker.
"""

from edge.toolcalls.events import (
    CallAborted,
    CallArguments,
    CallClosed,
    CallOpened,
    ParseEvent,
    Prose,
    Thought,
)
from edge.toolcalls.forced import forced_grammar, output_grammar
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.parser import Parser, Trigger
from edge.toolcalls.satisfiable import check_satisfiable, check_tools
from edge.toolcalls.schemas import Validator, sanitise
from edge.toolcalls.shapes import MARKERS, Family

__all__ = [
    "MARKERS",
    "CallAborted",
    "CallArguments",
    "CallClosed",
    "CallOpened",
    "Family",
    "Narrowing",
    "ParseEvent",
    "Parser",
    "Prose",
    "Thought",
    "Trigger",
    "Validator",
    "check_satisfiable",
    "check_tools",
    "forced_grammar",
    "output_grammar",
    "sanitise",
]

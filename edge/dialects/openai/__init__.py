"""OpenAI's Chat Completions as a pure codec, the server's side and the client's.

Server: ``parse`` a request, then ``StreamRenderer`` or ``MessageBuilder`` for the answer,
``render_error`` for a refusal. Client, for the many servers of this dialect:
``render_request``, then ``EventParser`` or ``parse_answer``, and ``parse_error``, or
``refuses_name`` where it is about the name of the answer's limit. Knows no
socket, clock or source of randomness. Used by the api and the upstream engine; everything
else in the package is private.
"""

from edge.dialects.openai.errors import parse_error, render_error
from edge.dialects.openai.events import EventParser, parse_answer
from edge.dialects.openai.ids import RANDOM_BYTES, call_id, completion_id
from edge.dialects.openai.limit import LimitName, other_name, refuses_name
from edge.dialects.openai.message import MessageBuilder
from edge.dialects.openai.models import render_model, render_models
from edge.dialects.openai.parse import DIALECT, parse
from edge.dialects.openai.request import render_request
from edge.dialects.openai.stream import StreamRenderer
from edge.dialects.openai.usage import usage_in

__all__ = [
    "DIALECT",
    "RANDOM_BYTES",
    "EventParser",
    "LimitName",
    "MessageBuilder",
    "StreamRenderer",
    "call_id",
    "completion_id",
    "other_name",
    "parse",
    "parse_answer",
    "parse_error",
    "refuses_name",
    "render_error",
    "render_model",
    "render_models",
    "render_request",
    "usage_in",
]

"""The Anthropic Messages API as a pure codec, the server's side and the client's.

Server: ``parse`` a request, then ``StreamRenderer`` or ``MessageBuilder`` for the
answer, ``render_error`` for a refusal; the same for batches. Client: ``render_request`` and
``EventParser``. Knows no socket, clock or source of randomness. Used by the api and the
upstream engine; everything else in the package is private.
"""

from edge.dialects.anthropic.batches import (
    BatchItem,
    BatchView,
    Outcome,
    Page,
    parse_batch,
    parse_page,
    render_batch,
    render_batches,
    render_deleted,
    render_errored,
    render_result,
)
from edge.dialects.anthropic.errors import parse_error, render_error
from edge.dialects.anthropic.events import EventParser
from edge.dialects.anthropic.ids import (
    RANDOM_BYTES,
    batch_id,
    message_id,
    request_id,
    tool_use_id,
)
from edge.dialects.anthropic.message import MessageBuilder
from edge.dialects.anthropic.models import (
    bare_model,
    listed_id,
    render_count,
    render_model,
    render_models,
)
from edge.dialects.anthropic.parse import DIALECT, parse
from edge.dialects.anthropic.relayed import RelayedStream
from edge.dialects.anthropic.request import render_count_request, render_headers, render_request
from edge.dialects.anthropic.stream import PING_ONLY, StreamRenderer
from edge.dialects.anthropic.usage import usage_in
from edge.dialects.anthropic.wire import SIGNATURE

__all__ = [
    "DIALECT",
    "PING_ONLY",
    "RANDOM_BYTES",
    "SIGNATURE",
    "BatchItem",
    "BatchView",
    "EventParser",
    "MessageBuilder",
    "Outcome",
    "Page",
    "RelayedStream",
    "StreamRenderer",
    "bare_model",
    "batch_id",
    "listed_id",
    "message_id",
    "parse",
    "parse_batch",
    "parse_error",
    "parse_page",
    "render_batch",
    "render_batches",
    "render_count",
    "render_count_request",
    "render_deleted",
    "render_error",
    "render_errored",
    "render_headers",
    "render_model",
    "render_models",
    "render_request",
    "render_result",
    "request_id",
    "tool_use_id",
    "usage_in",
]

"""The dialects as a client of other servers needs them, behind one small seam.

Knows the dialects' codecs; no socket and no credential. For this package.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Protocol

from edge.chat import ChatRequest, Event
from edge.dialects import anthropic, openai
from edge.engines.upstream.headers import Headers, kept
from edge.engines.upstream.server import Server
from edge.errors import CodriverError
from edge.prompts import normalise
from edge.units import Seconds

_SENT: Headers = (
    ("content-type", "application/json"),
    ("accept", "text/event-stream"),
    # What is read here is not unpacked: nothing can swell.
    ("accept-encoding", "identity"),
)


class Parser(Protocol):
    """A streamed answer on its way in."""

    def feed(self, chunk: bytes) -> list[Event]: ...

    def close(self) -> list[Event]: ...


class Codec(Protocol):
    """What a dialect has to offer to be asked."""

    @property
    def path(self) -> str:
        """Where its own clients send requests."""

    def render(self, request: ChatRequest) -> bytes:
        """Raises BadRequest for what the dialect cannot carry."""

    def headers(self, request: ChatRequest) -> Headers:
        """Those of a request; credentials are the caller's."""

    def parser(self) -> Parser:
        """For the answer's stream."""

    def whole(self, body: bytes) -> tuple[Event, ...]:
        """An answer that is no stream. Raises CodriverError."""

    def error(self, body: bytes, status: int, retry_after: Seconds | None) -> CodriverError:
        """An answer with another status than 200."""

    def corrected(self, request: ChatRequest, refusal: bytes) -> Codec | None:
        """One that asks the same in words that this server knows, after what it has refused;
        None where there are none."""


def codec_of(server: Server) -> Codec:
    if server.dialect == "openai":
        return OpenAICodec(server.reasoning_effort, server.limit_name)
    return AnthropicCodec()


@dataclass(frozen=True, slots=True)
class AnthropicCodec:
    path: str = "/v1/messages"

    def render(self, request: ChatRequest) -> bytes:
        return anthropic.render_request(request)

    def headers(self, request: ChatRequest) -> Headers:
        own = anthropic.render_headers(request).items()
        return (*kept(own, frozenset()), *_SENT)

    def parser(self) -> Parser:
        return anthropic.EventParser()

    def whole(self, body: bytes) -> tuple[Event, ...]:
        """Never asked for, so that it can only be an error."""
        raise anthropic.parse_error(body)

    def error(self, body: bytes, status: int, retry_after: Seconds | None) -> CodriverError:
        error = anthropic.parse_error(body, status)
        error.retry_after = error.retry_after if retry_after is None else retry_after
        return error

    def corrected(self, request: ChatRequest, refusal: bytes) -> Codec | None:
        """There is one way to ask."""
        return None


@dataclass(frozen=True, slots=True)
class OpenAICodec:
    """These servers run open models: they read a conversation as the box's own models do,
    without what only Anthropic's understand."""

    reasoning: bool = False
    limit: openai.LimitName = "max_tokens"
    path: str = "/v1/chat/completions"

    def render(self, request: ChatRequest) -> bytes:
        plain = normalise(request, vision=True)
        return openai.render_request(plain, reasoning=self.reasoning, limit=self.limit)

    def headers(self, request: ChatRequest) -> Headers:
        return _SENT

    def parser(self) -> Parser:
        return openai.EventParser(_call_id)

    def whole(self, body: bytes) -> tuple[Event, ...]:
        return openai.parse_answer(body, _call_id)

    def error(self, body: bytes, status: int, retry_after: Seconds | None) -> CodriverError:
        return openai.parse_error(body, status, retry_after)

    def corrected(self, request: ChatRequest, refusal: bytes) -> Codec | None:
        if request.max_tokens is None or not openai.refuses_name(refusal, self.limit):
            return None
        return replace(self, limit=openai.other_name(self.limit))


def _call_id() -> str:
    return openai.call_id(os.urandom(openai.RANDOM_BYTES))

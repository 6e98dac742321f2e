"""The doors: one for each dialect that clients speak, all leading to the same inside.

A door knows its codec, brings it the randomness and the time it wants, and decides which
requests are its own. Knows aiohttp's request only to look at path and headers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from aiohttp import web

from edge.chat import ChatRequest, Continued, Event
from edge.dialects import anthropic, openai
from edge.dialects.pieces import Pieces
from edge.engines.base import ModelInfo
from edge.errors import CodriverError, EngineError, NotFound
from edge.units import Seconds


class Renderer(Protocol):
    """A streamed answer on its way out."""

    def render(self, event: Event) -> bytes: ...

    def keepalive(self, silent_for: Seconds) -> bytes: ...


class Builder(Protocol):
    """A whole answer on its way out."""

    def add(self, event: Event) -> None: ...

    def body(self) -> bytes: ...


class Door(Protocol):
    """What a dialect has to offer to be served."""

    @property
    def id_header(self) -> str:
        """The header in which its clients look for an answer's id."""

    def parse(self, body: bytes, headers: Mapping[str, str], path: str) -> ChatRequest:
        """Raises BadRequest."""

    def renderer(self, request: ChatRequest) -> Renderer:
        """For a streamed answer to ``request``."""

    def resumed(self, request: ChatRequest, behind: Continued) -> Renderer:
        """For the rest of one whose first bytes were another server's."""

    def builder(self, request: ChatRequest) -> Builder:
        """For a whole answer to ``request``."""

    def error(self, error: CodriverError, request_id: str) -> tuple[int, bytes]:
        """Status and body of a refusal."""

    def models(self, models: Sequence[ModelInfo]) -> bytes:
        """The list of what is served."""

    def model(self, models: Sequence[ModelInfo], wanted: str) -> bytes:
        """One of them, or what answers in its place. Raises NotFound."""


@dataclass(frozen=True, slots=True)
class AnthropicDoor:
    """The Messages API."""

    random_bytes: Callable[[int], bytes] = os.urandom
    pieces: Pieces = field(default_factory=Pieces)
    id_header: str = "request-id"

    def parse(self, body: bytes, headers: Mapping[str, str], path: str) -> ChatRequest:
        return anthropic.parse(body, headers, path, self.pieces)

    def renderer(self, request: ChatRequest) -> Renderer:
        return anthropic.StreamRenderer(self._message_id(), thinking=request.thinking)

    def resumed(self, request: ChatRequest, behind: Continued) -> Renderer:
        renderer = anthropic.StreamRenderer(self._message_id(), thinking=request.thinking)
        renderer.resume(behind.blocks, behind.open)
        return renderer

    def builder(self, request: ChatRequest) -> Builder:
        return anthropic.MessageBuilder(self._message_id(), thinking=request.thinking)

    def error(self, error: CodriverError, request_id: str) -> tuple[int, bytes]:
        return anthropic.render_error(error, request_id)

    def models(self, models: Sequence[ModelInfo]) -> bytes:
        return anthropic.render_models(models)

    def model(self, models: Sequence[ModelInfo], wanted: str) -> bytes:
        """Every Claude is served, by the first model."""
        for info in models:
            if wanted == anthropic.listed_id(info.id) or info.is_called(wanted):
                return anthropic.render_model(info)
        if models and wanted.lower().startswith("claude"):
            return anthropic.render_model(replace(models[0], id=wanted))
        raise NotFound(f"model: {wanted}")

    def _message_id(self) -> str:
        return anthropic.message_id(self.random_bytes(anthropic.RANDOM_BYTES))


@dataclass(frozen=True, slots=True)
class OpenAIDoor:
    """Chat Completions. ``now`` is in seconds since the epoch."""

    random_bytes: Callable[[int], bytes] = os.urandom
    now: Callable[[], float] = time.time
    pieces: Pieces = field(default_factory=Pieces)
    id_header: str = "x-request-id"

    def parse(self, body: bytes, headers: Mapping[str, str], path: str) -> ChatRequest:
        return openai.parse(body, headers, path, self.pieces)

    def renderer(self, request: ChatRequest) -> Renderer:
        usage = request.stream_usage
        return openai.StreamRenderer(self._completion_id(), int(self.now()), usage=usage)

    def resumed(self, request: ChatRequest, behind: Continued) -> Renderer:
        raise EngineError("nobody goes on with a relayed answer of this dialect")

    def builder(self, request: ChatRequest) -> Builder:
        return openai.MessageBuilder(self._completion_id(), int(self.now()))

    def error(self, error: CodriverError, request_id: str) -> tuple[int, bytes]:
        return openai.render_error(error)

    def models(self, models: Sequence[ModelInfo]) -> bytes:
        return openai.render_models(models)

    def model(self, models: Sequence[ModelInfo], wanted: str) -> bytes:
        for info in models:
            if info.is_called(wanted):
                return openai.render_model(info)
        raise NotFound(f"model: {wanted}")

    def _completion_id(self) -> str:
        return openai.completion_id(self.random_bytes(openai.RANDOM_BYTES))


ANTHROPIC = AnthropicDoor()
OPENAI = OpenAIDoor()

CHAT_PATHS = ("/v1/chat/completions", "/chat/completions")
"""Clients of OpenAI's are given an address with or without /v1."""
MODEL_PATHS = ("/v1/models", "/models")

_ANTHROPIC_HEADERS = ("anthropic-version", "x-api-key")


def door_of(request: web.Request) -> Door:
    """Whose client asks. Most paths belong to one dialect; those of the models to both, and
    there every client of Anthropic's shows itself by a header that no other one sends."""
    if request.path in CHAT_PATHS:
        return OPENAI
    root = next((path for path in MODEL_PATHS if _is_below(request.path, path)), None)
    is_anthropic = any(name in request.headers for name in _ANTHROPIC_HEADERS)
    return OPENAI if root is not None and not is_anthropic else ANTHROPIC


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")

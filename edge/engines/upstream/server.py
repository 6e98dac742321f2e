"""What is known of another server before it is asked: address, dialect, credential, names.

Pure values. Made by app from the configuration; for this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from edge.config import Secret
from edge.dialects.openai import LimitName
from edge.units import Seconds

Credential: TypeAlias = Literal["pass", "none"] | Secret
Dialect: TypeAlias = Literal["anthropic", "openai"]

_OPENAI_HOST = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Server:
    """With the credential "pass" the laptop's own is handed on; a Secret replaces it.

    ``models`` says what a client's id is called there; any other id becomes ``model``, or
    stays as it is where that is empty. ``reasoning_effort``: whether to send one where a
    request is translated; ``max_tokens_name``: what it calls the most tokens of an answer.
    """

    url: str
    dialect: Dialect = "anthropic"
    credential: Credential = "pass"
    model: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    reasoning_effort: bool = False
    max_tokens_name: Literal["auto"] | LimitName = "auto"
    connect_timeout: Seconds = Seconds(3.0)
    first_byte_timeout: Seconds = Seconds(60.0)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def limit_name(self) -> LimitName:
        """What it is asked with first. OpenAI's reasoning models know only the newer name, and
        their host takes it for all; the older one is what other servers know."""
        if self.max_tokens_name != "auto":
            return self.max_tokens_name
        is_openais = self.host == _OPENAI_HOST or self.host.endswith("." + _OPENAI_HOST)
        return "max_completion_tokens" if is_openais else "max_tokens"

    def model_for(self, asked: str) -> str:
        """What the model that a client asks for is called there."""
        return self.models.get(asked) or self.model or asked

    def address(self, path: str) -> str:
        """Where a request of its dialect goes; ``path`` is the client's, with its query.

        The addresses of OpenAI's dialect are given with their version ("/v1", "/api/v1") and
        hold /chat/completions; one without any path means /v1.
        """
        base = self.url.rstrip("/")
        if self.dialect == "anthropic":
            return base + path
        version = "" if urlsplit(base).path else "/v1"
        query = path.partition("?")[2]
        return f"{base}{version}/chat/completions" + (f"?{query}" if query else "")

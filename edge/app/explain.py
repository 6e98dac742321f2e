"""What would be decided for a recorded request, with nothing sent and nothing remembered.

Reads a request's body as it was sent, or one of tests/recordings. The engines are those of
the configuration, all taken as ready; models of the box are not looked up. Called by the
command line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.app.rules import rules_of
from edge.chat import ChatRequest
from edge.config import LOCAL, Config
from edge.dialects import anthropic
from edge.errors import BadRequest
from edge.routing.estimate import estimate_tokens
from edge.routing.features import Features, features_of
from edge.routing.policy import Weighed, weigh
from edge.state import EngineState, LinkLevel, LinkState, Snapshot

MESSAGES = "/v1/messages"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``private`` is why the request stays on the box, if it does."""

    features: Features
    weighed: Weighed
    private: str | None
    link: LinkLevel | None


def read_request(content: bytes) -> ChatRequest:
    """A body, or a recording of method, path, headers and body. Raises BadRequest."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadRequest("this is no request: it should be a JSON object")
    if isinstance(value.get("messages"), list) or "body" not in value:
        return anthropic.parse(content, {}, MESSAGES)
    if not isinstance(value["body"], dict):
        raise BadRequest("this recording has no body: nobody decides who answers it")
    body = json.dumps(value["body"]).encode()
    return anthropic.parse(body, _headers(value.get("headers")), _path(value.get("path")))


def _headers(value: Any) -> Mapping[str, str]:
    pairs = value.items() if isinstance(value, dict) else value or ()
    try:
        return {str(name): str(text) for name, text in pairs}
    except (TypeError, ValueError):
        raise BadRequest("headers: expected pairs of a name and a value") from None


def _path(value: Any) -> str:
    return value if isinstance(value, str) else MESSAGES


def explain(
    request: ChatRequest, config: Config, link: LinkLevel | None, private: str | None
) -> Explanation:
    """Raises BadRequest where the request names a route that there is not."""
    features = features_of(request, estimate_tokens(request))
    ready = EngineState(True, "taken as ready")
    snapshot = Snapshot(
        engines=tuple((name, ready) for name in (*config.upstreams, LOCAL)),
        link=None if link is None else LinkState(link, "as you say"),
        over_link=frozenset(config.upstreams),
    )
    return Explanation(
        features, weigh(features, snapshot, rules_of(config), pin=private), private, link
    )


def format_explanation(told: Explanation) -> str:
    """A few lines for a person."""
    decision = told.weighed.decision
    rows = [
        ("request", ", ".join(_traits(told.features))),
        ("project", told.features.project or "not known"),
        ("privacy", told.private or "nothing in it has to stay on this box"),
        ("link", told.link or "not watched"),
        *(("passed over", f"{one.route}: {one.why_not}") for one in told.weighed.passed),
        ("route", decision.route),
        ("order", ", then ".join(map(str, decision.order)) or "nobody"),
        ("reason", decision.reason),
    ]
    if decision.hedge:
        rows.append(("hedge", "local may be started before the first has failed"))
    width = max(len(name) for name, _ in rows)
    shown = [
        f"{name if index == 0 or rows[index - 1][0] != name else '':{width}}  {text}"
        for index, (name, text) in enumerate(rows)
    ]
    return "\n".join(shown)


def _traits(features: Features) -> list[str]:
    tokens = "" if features.tokens is None else f"about {features.tokens:,} tokens"
    images = f"{features.images} images in the last turn" if features.images else ""
    known = (
        features.model,
        tokens,
        f"{len(features.tools)} tools",
        "web search" if features.web_search else "",
        images,
        "thinking" if features.thinking else "",
        f"effort {features.effort}" if features.effort else "",
        "background model" if features.background else "",
        "subagent" if features.subagent else "",
        f"tag {features.tag}" if features.tag else "",
    )
    return [trait for trait in known if trait]


def explanation_as_json(told: Explanation) -> str:
    """One object; unknown is null. Headers and what was said are left out."""
    features, decision = told.features, told.weighed.decision
    return json.dumps(
        {
            "features": {
                "model": features.model,
                "tokens": features.tokens,
                "tools": features.tools,
                "server_tools": features.server_tools,
                "web_search": features.web_search,
                "images": features.images,
                "thinking": features.thinking,
                "effort": features.effort,
                "background": features.background,
                "subagent": features.subagent,
                "tag": features.tag,
                "session": features.session,
                "project": features.project,
            },
            "private": told.private,
            "link": told.link,
            "passed_over": [
                {"route": one.route, "why_not": one.why_not} for one in told.weighed.passed
            ],
            "route": decision.route,
            "order": [{"engine": step.engine, "model": step.model} for step in decision.order],
            "reason": decision.reason,
            "hedge": decision.hedge,
            "pinned": decision.pinned,
        },
        indent=2,
    )

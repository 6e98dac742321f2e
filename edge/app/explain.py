"""What would be decided for a recorded request, with nothing sent and nothing remembered.

Reads a request's body as it was sent, or one of tests/recordings. The engines are those of
the configuration, all taken as ready; models of the box are not looked up. Called by the
command line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from edge.app.rules import rules_of
from edge.chat import ChatRequest
from edge.config import LOCAL, Config
from edge.dialects import anthropic, openai
from edge.errors import BadRequest
from edge.routing.asking import question
from edge.routing.estimate import estimate_tokens
from edge.routing.features import Answer, Features, Likeness, features_of
from edge.routing.need import TIERS, subject
from edge.routing.policy import Weighed, doubts, weigh
from edge.routing.rules import Rules
from edge.state import EngineState, LinkLevel, LinkState, Snapshot
from edge.uplink.reach import is_beyond

MESSAGES = "/v1/messages"
COMPLETIONS = "/chat/completions"
_PATHS = {"anthropic": MESSAGES, "openai": COMPLETIONS}
_OPENAI_ROLES = ("system", "developer", "tool")
"""Roles with which a conversation of the Messages API does not begin."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``private`` is why the request stays on the box, if it does; ``question``: what a model of
    the box would be asked, and what would come of it, if anything hangs on that."""

    features: Features
    weighed: Weighed
    private: str | None
    link: LinkLevel | None
    question: str | None = None


def read_request(content: bytes) -> ChatRequest:
    """A body, or a recording of method, path, headers and body. Raises BadRequest."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadRequest("this is no request: it should be a JSON object")
    if isinstance(value.get("messages"), list) or "body" not in value:
        return _parse(content, {}, _PATHS[guess_dialect(value)])
    body = value["body"]
    if not isinstance(body, dict):
        raise BadRequest("this recording has no body: nobody decides who answers it")
    path = value.get("path")
    at = path if isinstance(path, str) else _PATHS[guess_dialect(body)]
    return _parse(json.dumps(body).encode(), _headers(value.get("headers")), at)


def _parse(content: bytes, headers: Mapping[str, str], path: str) -> ChatRequest:
    if path.partition("?")[0].endswith(COMPLETIONS):
        return openai.parse(content, headers, path)
    return anthropic.parse(content, headers, path)


def guess_dialect(body: Mapping[str, Any]) -> Literal["anthropic", "openai"]:
    """Whose a body is that does not say it: OpenAI's has system text and tools of a shape of its
    own, and needs no max_tokens."""
    messages, tools = body.get("messages"), body.get("tools")
    first = messages[0] if isinstance(messages, list) and messages else None
    role = first.get("role") if isinstance(first, dict) else None
    tool = tools[0] if isinstance(tools, list) and tools else None
    wraps = isinstance(tool, dict) and "function" in tool
    is_openai = role in _OPENAI_ROLES or wraps or (role and "max_tokens" not in body)
    return "openai" if is_openai and "system" not in body else "anthropic"


def _headers(value: Any) -> Mapping[str, str]:
    pairs = value.items() if isinstance(value, dict) else value or ()
    try:
        return {str(name): str(text) for name, text in pairs}
    except (TypeError, ValueError):
        raise BadRequest("headers: expected pairs of a name and a value") from None


def explain(
    request: ChatRequest,
    config: Config,
    link: LinkLevel | None,
    private: str | None,
    likeness: Likeness | None = None,
) -> Explanation:
    """Raises BadRequest where the request names a route that there is not."""
    features = replace(
        features_of(request, estimate_tokens(request)), likeness=likeness or Likeness()
    )
    ready = EngineState(True, "taken as ready")
    snapshot = Snapshot(
        engines=tuple((name, ready) for name in (*config.upstreams, LOCAL)),
        link=None if link is None else LinkState(link, "as you say"),
        over_link=frozenset(
            name
            for name, upstream in config.upstreams.items()
            if is_beyond(urlsplit(upstream.url).hostname or "")
        ),
    )
    rules = rules_of(config)
    return Explanation(
        features,
        weigh(features, snapshot, rules, pin=private),
        private,
        link,
        _question(features, snapshot, rules, private),
    )


def _question(
    features: Features, snapshot: Snapshot, rules: Rules, private: str | None
) -> str | None:
    """Without the person's words."""
    if rules.table is None or not doubts(features, snapshot, rules, pin=private):
        return None
    words = len(question(subject(features, rules.table), rules.table).text.split())
    outcomes = []
    for tier, heavy in zip(TIERS, (0.0, 1.0), strict=True):
        answered = replace(features, answer=Answer(heavy=heavy))
        order = weigh(answered, snapshot, rules, pin=private).decision.order
        outcomes.append(f"if it is sure of {tier}, {' then '.join(map(str, order))}")
    return (
        f"the box's model would be asked whether {words} words of the person mean light or heavy "
        f"work, if it has nothing else to do ({'; '.join(outcomes)}); here nobody is asked"
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
        *((("question", told.question),) if told.question else ()),
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
            "question": told.question,
            "route": decision.route,
            "order": [{"engine": step.engine, "model": step.model} for step in decision.order],
            "reason": decision.reason,
            "hedge": decision.hedge,
            "pinned": decision.pinned,
        },
        indent=2,
    )

"""The session title that the client asks for beside the first turn, by a real model."""

import json

from tests.dialects.anthropic.recordings import load
from tests.system.daemon import Daemon, sse, text_of

NAME_IT = "Name the session in two to five words. Answer with a JSON object: its title is the name."
"""Stands for the client's own words, which a recording does not hold."""


def test_the_session_title_is_answered_under_its_schema(coder: Daemon):
    body = load("2.1.330-title").json
    system = [*body["system"][:-1], {"type": "text", "text": NAME_IT}]
    request = {**body, "system": system, "max_tokens": 1000, "temperature": 0}
    reply = coder.ask("POST", "/v1/messages", request)
    title = json.loads(text_of(sse(reply.body)))["title"]
    assert title.strip()

import json
from pathlib import Path

import pytest

from edge.app.explain import explain, explanation_as_json, format_explanation, read_request
from edge.config import load
from tests.routing.asked import asked, names


def test_headers_of_a_recording_may_be_pairs_or_an_object():
    body = {"model": "claude-x", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]}
    for headers in ([["X-Claude-Code-Session-Id", "s"]], {"X-Claude-Code-Session-Id": "s"}):
        recording = {"headers": headers, "body": body}
        assert read_request(json.dumps(recording).encode()).session == "s"


@pytest.mark.parametrize(
    "body",
    [
        {"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}]},
        {"model": "gpt-x", "max_tokens": 1, "messages": [{"role": "system", "content": "hi"}]},
    ],
)
def test_a_body_of_openais_dialect_is_known_by_its_shape(body):
    request = read_request(json.dumps(body).encode())
    assert request.wire is not None
    assert request.wire.dialect == "openai"
    recording = {"path": "/v1/chat/completions", "headers": [], "body": body}
    assert read_request(json.dumps(recording).encode()).messages == request.messages


def test_a_server_on_the_lan_is_on_this_side_of_the_link(tmp_path: Path):
    file = tmp_path / "codriver.toml"
    file.write_text(
        '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'
        '[upstreams.lab]\ndialect = "openai"\nurl = "http://192.168.1.9:8000/v1"\n'
    )
    told = explain(asked("hi"), load(file), "offline", None)
    assert names(told.weighed.decision) == ["lab", "local"]


def test_what_was_said_and_sent_along_is_not_repeated():
    request = asked("my words", headers={"authorization": "Bearer my-secret"})
    told = explanation_as_json(explain(request, load(None), None, None))
    assert "my words" not in told
    assert "my-secret" not in told


NEED = (
    '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'
    '[routes.light]\norder = ["local", "cloud"]\nwhen = { need = "light" }\n'
)


@pytest.mark.parametrize(
    ("text", "link", "is_asked"),
    [
        ("add a field to the other form", None, True),
        ("add a field to the other form", "offline", False),
        ("why does it hang? refactor it", None, False),
    ],
)
def test_what_a_model_would_be_asked_is_told(text: str, link, is_asked: bool, tmp_path: Path):
    file = tmp_path / "codriver.toml"
    file.write_text(NEED)
    told = explain(asked(text), load(file), link, None)
    assert (told.question is not None) is is_asked
    assert json.loads(explanation_as_json(told))["question"] == told.question
    if told.question is not None:
        assert told.question in format_explanation(told)
        assert "whether 7 words of the person mean light or heavy work" in told.question
        assert "sure of light, local then cloud; if it is sure of heavy, cloud" in told.question
        assert "here nobody is asked" in told.question
        assert "other form" not in told.question

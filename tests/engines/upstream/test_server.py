"""Addresses and names of another server."""

import pytest

from edge.engines.upstream.server import Server


@pytest.mark.parametrize(
    ("url", "dialect", "path", "address"),
    [
        ("https://a.example", "anthropic", "/v1/messages?beta=true", "https://a.example/v1/messages?beta=true"),
        ("https://a.example/x/", "anthropic", "/v1/messages", "https://a.example/x/v1/messages"),
        ("https://a.example/api/v1", "openai", "/chat/completions", "https://a.example/api/v1/chat/completions"),
        ("https://a.example/v1/", "openai", "/v1/chat/completions?x=1", "https://a.example/v1/chat/completions?x=1"),
        ("http://a.example:1234", "openai", "/v1/chat/completions", "http://a.example:1234/v1/chat/completions"),
    ],
)  # fmt: skip
def test_where_a_request_goes(url, dialect, path, address):
    assert Server(url, dialect).address(path) == address


def test_what_a_model_is_called_there():
    server = Server("http://a.example", model="other", models={"claude-x": "mine"})
    assert (server.model_for("claude-x"), server.model_for("claude-y")) == ("mine", "other")
    assert Server("http://a.example").model_for("claude-y") == "claude-y"


def test_the_host():
    assert Server("https://A.example:8443/v1").host == "a.example"


@pytest.mark.parametrize(
    ("url", "said", "name"),
    [
        ("https://api.openai.com/v1", "auto", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "auto", "max_completion_tokens"),
        ("https://notapi.openai.com/v1", "auto", "max_tokens"),
        ("https://openrouter.ai/api/v1", "auto", "max_tokens"),
        ("https://api.openai.com/v1", "max_tokens", "max_tokens"),
        ("http://192.0.2.7:8000/v1", "max_completion_tokens", "max_completion_tokens"),
    ],
)
def test_what_the_limit_of_an_answer_is_called_there(url, said, name):
    assert Server(url, "openai", max_tokens_name=said).limit_name == name

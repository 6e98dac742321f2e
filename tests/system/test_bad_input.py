"""Whatever is wrong with a request or a model file: one clear error, and the daemon goes on."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.catalog.models import load_catalog, location
from tests.system.daemon import MODELS_DIR, Daemon, started

GOOD: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 4,
    "messages": [{"role": "user", "content": "hi"}],
}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def with_(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def nested(depth: int) -> bytes:
    return b'{"model":"m","max_tokens":4,"messages":' + b"[" * depth + b"]" * depth + b"}"


def deep_schema() -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(150):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return {"format": {"type": "json_schema", "schema": schema}}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{not json", 400, "JSON"),
        (b"\xff\xfe{}", 400, ""),
        (b"[]", 400, "object"),
        (nested(10_000), 400, ""),
        (with_(messages="hi"), 400, "messages"),
        (with_(messages=[{"role": "wizard", "content": "x"}]), 400, "role"),
        (with_(max_tokens="many"), 400, "max_tokens"),
        (with_(messages=[]), 400, "message"),
        (with_(messages=[{"role": "user", "content": [IMAGE]}]), 400, "image"),
        (with_(messages=[{"role": "user", "content": "word " * 9000}]), 400, "prompt is too long"),
        (with_(output_config={"format": {"type": "json_schema", "schema": False}}), 400, "schema"),
        (with_(output_config=deep_schema()), 400, ""),
        (
            with_(output_config={"format": {"type": "json_schema", "schema": {"enum": []}}}),
            400,
            "schema",
        ),
        (with_(tools=[{"name": "t", "input_schema": {"type": "wat"}}]), 400, "t"),
    ],
    ids=lambda value: "",
)
def test_each_mistake_is_told_and_the_daemon_goes_on(
    small: Daemon, body: Any, status: int, words: str
):
    for stream in (False, True):
        sent = body if isinstance(body, bytes) else {**body, "stream": stream}
        reply = small.ask("POST", "/v1/messages", sent)
        assert reply.status == status, reply.body
        assert reply.json["type"] == "error"
        assert reply.json["error"]["type"] == "invalid_request_error"
        assert reply.json["request_id"].startswith("req_")
        assert words in reply.json["error"]["message"]
    assert small.ask("POST", "/v1/messages", GOOD).status == 200


def test_a_prompt_that_is_too_long_is_worded_so_that_clients_compact(small: Daemon):
    body = with_(messages=[{"role": "user", "content": "word " * 9000}])
    message = small.ask("POST", "/v1/messages", body).json["error"]["message"]
    assert message.startswith("prompt is too long: ")
    assert message.endswith(" tokens > 4080 maximum")


def test_a_body_of_50_megabytes_is_refused(small: Daemon):
    body = json.dumps(with_(messages=[{"role": "user", "content": "x" * 50_000_000}])).encode()
    reply = small.ask("POST", "/v1/messages", body)
    assert reply.status == 413
    assert reply.json["error"]["type"] == "request_too_large"


def test_unknown_paths_and_models(small: Daemon):
    assert small.ask("GET", "/v1/nothing").json["error"]["type"] == "not_found_error"
    assert small.ask("DELETE", "/v1/messages").status in (404, 405)
    assert small.ask("GET", "/v1/models/nothing-like-it").status == 404


@pytest.fixture(scope="module")
def embedded() -> Path:
    entry = next(entry for entry in load_catalog() if entry.source.embedded)
    return location(entry, MODELS_DIR)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<html>404</html>" * 100, "not a GGUF"),
        (None, "truncated"),
    ],
    ids=["empty", "html", "truncated"],
)
def test_a_bad_model_file_is_one_sentence(
    tmp_path: Path, embedded: Path, content: bytes | None, words: str
):
    path = tmp_path / "model.gguf"
    path.write_bytes(embedded.read_bytes()[:50_000_000] if content is None else content)
    with started("--port", "0", "--model", str(path)) as daemon:
        assert daemon.process.wait(60) == 1
    assert words in daemon.said
    assert "Traceback" not in daemon.said


def test_a_missing_model_and_a_wrong_config_are_one_sentence(tmp_path: Path):
    wrong = tmp_path / "codriver.toml"
    wrong.write_text("[server]\nprot = 1\n")
    for options, words in (
        (("--model", str(tmp_path / "none.gguf")), "none.gguf"),
        (("--model", "qwen9"), "qwen9"),
        (("--config", str(wrong)), "port"),
    ):
        with started("--port", "0", *options) as daemon:
            assert daemon.process.wait(60) == 1
        assert words in daemon.said
        assert "Traceback" not in daemon.said

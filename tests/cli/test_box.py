"""How a command finds its box, and to whom a token is told."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from edge.cli.box import RemoteBox, add_box_options, find_box
from edge.errors import BadRequest, CodriverError, NotFound, UpstreamUnreachable


class Stub:
    """A server that greets as it is told; ``seen`` is what came."""

    def __init__(self, greeting: bytes = b"codriver is running") -> None:
        self.greeting = greeting
        self.status, self.answer = 200, b'{"a": 1}'
        self.seen: list[tuple[str, str, str | None, bytes]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                key = self.headers["authorization"]
                stub.seen.append((self.command, self.path, key, body))
                is_greeting = self.path == "/"
                self.send_response(200 if is_greeting else stub.status)
                self.end_headers()
                self.wfile.write(stub.greeting if is_greeting else stub.answer)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def options(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_box_options(parser)
    return parser.parse_args([str(word) for word in words])


def test_the_option_then_the_environment(stub: Stub):
    environment = {"ANTHROPIC_BASE_URL": stub.url + "/", "ANTHROPIC_AUTH_TOKEN": "t"}
    assert find_box(options(), environment) == RemoteBox(stub.url, "t")
    elsewhere = {**environment, "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}
    assert find_box(options("--box", stub.url), elsewhere).url == stub.url


def test_without_either_it_is_this_machine(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    config = tmp_path / "codriver.toml"
    config.write_text(f'[server]\nhost = "0.0.0.0"\nport = {stub.server.server_port}\n')
    assert find_box(options("--config", config), {}).token is None
    (tmp_path / "codriver").mkdir()
    (tmp_path / "codriver" / "token").write_text("own-token\n")
    assert find_box(options("--config", config), {}) == RemoteBox(stub.url, "own-token")
    named = options("--config", config, "--box", stub.url)
    assert find_box(named, {}).token is None, "another box's is not this one's"


def test_a_token_in_a_file(stub: Stub, tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    chosen = options("--box", stub.url, "--token-file", file)
    assert find_box(chosen, {"ANTHROPIC_AUTH_TOKEN": "t"}).token == "from-a-file"
    with pytest.raises(CodriverError, match="the token cannot be read"):
        find_box(options("--box", stub.url, "--token-file", tmp_path / "no"), {})


def test_a_stranger_gets_no_token_and_no_prompt(stub: Stub):
    stub.greeting = b"<html>Welcome to the hotel</html>"
    with pytest.raises(CodriverError, match="is no codriver: name the box"):
        find_box(options("--box", stub.url), {"ANTHROPIC_AUTH_TOKEN": "t"})
    assert stub.seen == [("GET", "/", None, b"")]


def test_nobody_there(stub: Stub):
    with pytest.raises(UpstreamUnreachable, match="no box answers at http://127"):
        find_box(options("--box", "http://127.0.0.1:1"), {})


@pytest.mark.parametrize("url", ["box", "ftp://box", "http://", "http://box:99999", "http://[x"])
def test_no_address(url: str):
    with pytest.raises(BadRequest, match="is no address of a box: expected http://HOST:PORT"):
        find_box(options("--box", url), {})


def test_a_question_and_its_answer(stub: Stub):
    box = RemoteBox(stub.url, "t")
    assert box.ask("POST", "/x", b"{}") == {"a": 1}
    assert stub.seen == [("POST", "/x", "Bearer t", b"{}")]


def test_a_refusal_is_raised_as_it_was(stub: Stub):
    stub.status = 404
    error = {"type": "not_found_error", "message": "no job is called 'x'"}
    stub.answer = json.dumps({"type": "error", "error": error}).encode()
    with pytest.raises(NotFound, match="no job is called 'x'"):
        RemoteBox(stub.url, None).ask("GET", "/x")
    stub.status, stub.answer = 200, b"<html>"
    with pytest.raises(UpstreamUnreachable, match="does not answer as a codriver does"):
        RemoteBox(stub.url, None).ask("GET", "/x")

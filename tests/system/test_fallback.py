"""A cloud that answers, goes away and comes back, through the daemon as a person starts it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from edge.engines.upstream.breaker import FAILURES
from tests.system.daemon import Daemon, Reply, sse, started, text_of

BACK_SECONDS = 90.0
"""The cloud is tried again some 5 s after three failures; the rest is a slow machine's."""

# Spaces, order and an unknown field: what a parser would not give back as it came.
ASKED = (
    b'{"model":  "claude-sonnet-5","stream":true ,"max_tokens":9,"x_unknown":[1.0,1e2],'
    b'"messages":[{"role":"user","content":"caf\\u00e9 caf\xc3\xa9"}]}'
)
ANSWER = (
    b'event: message_start\ndata: {"type":"message_start", "odd":  1e2}\n\n'
    b": a comment\n\nevent: made_up\ndata: \xc3\xa9\n\n"
    b'event: content_block_start\ndata: {"type":"content_block_start", "odd":  [ ]}\n\n'
)
LOCAL_SAYS = "Hello from codriver."
REFUSED = "no connection: Connection refused"


@dataclass
class Cloud:
    """A scripted upstream; while it is away nothing listens on its port."""

    port: int
    status: int = 200
    answer: bytes = ANSWER
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @contextmanager
    def there(self) -> Iterator[None]:
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler_of(self))
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield
        finally:
            server.shutdown()
            serving.join()
            server.server_close()


def handler_of(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            cloud.asked.append((self.path, dict(self.headers.items()), body))
            self.send_response(cloud.status)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Request-Id", "req_cloud")
            self.end_headers()
            self.wfile.write(cloud.answer)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler


@pytest.fixture
def cloud() -> Cloud:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return Cloud(sock.getsockname()[1])


@contextmanager
def box_before(cloud: Cloud, folder: Path) -> Iterator[Daemon]:
    """A box whose configuration puts the cloud before its own (scripted) model."""
    config = folder / "codriver.toml"
    config.write_text(
        f"""
        [server]
        port = 0

        [upstreams.cloud]
        dialect = "anthropic"
        url = "http://127.0.0.1:{cloud.port}"

        [routes.default]
        order = ["cloud", "local"]
        """
    )
    with started("--fake", "--config", str(config)) as daemon:
        daemon.wait_up()
        yield daemon


def ask(daemon: Daemon, key: str = "sk-ant-laptop") -> Reply:
    return daemon.ask(
        "POST",
        "/v1/messages?beta=true",
        ASKED,
        x_api_key=key,
        anthropic_version="2023-06-01",
        user_agent="claude-cli/2.1.330 (external, cli)",
    )


def is_local(reply: Reply) -> bool:
    return reply.headers["x-codriver-route"] == "local"


def test_the_cloud_answers_goes_away_and_comes_back(cloud: Cloud, tmp_path: Path):
    with box_before(cloud, tmp_path) as daemon:
        assert "route      cloud > local" in daemon.said
        with cloud.there():
            passed_through(ask(daemon), cloud)
        answered_locally(ask(daemon))
        assert daemon.heard(f"cloud did not take it: cloud (127.0.0.1): {REFUSED}")
        for _ in range(FAILURES - 1):
            answered_locally(ask(daemon))
        again = ask(daemon)
        answered_locally(again)
        assert f"cloud is down: {REFUSED} (left alone for another " in reason(again)
        with cloud.there():
            passed_through(once_it_is_back(daemon), cloud)
    assert "sk-ant-laptop" not in daemon.said
    assert "Traceback" not in daemon.said


def passed_through(reply: Reply, cloud: Cloud) -> None:
    assert (reply.status, reply.body) == (200, ANSWER)
    assert reply.headers["x-codriver-route"] == "cloud"
    assert reply.headers["Request-Id"] == "req_cloud"
    assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    path, headers, body = cloud.asked[-1]
    assert (path, body) == ("/v1/messages?beta=true", ASKED)
    assert headers["x-api-key"] == "sk-ant-laptop"
    assert headers["anthropic-version"] == "2023-06-01"


def answered_locally(reply: Reply) -> None:
    assert reply.status == 200
    assert is_local(reply)
    assert text_of(sse(reply.body)) == LOCAL_SAYS


def reason(reply: Reply) -> str:
    return reply.headers["x-codriver-reason"]


def once_it_is_back(daemon: Daemon) -> Reply:
    """As a person who goes on working: the first answer that is not the box's own."""
    pace = threading.Event()
    deadline = monotonic() + BACK_SECONDS
    while is_local(reply := ask(daemon)):
        answered_locally(reply)
        assert monotonic() < deadline, daemon.said
        pace.wait(0.5)
    return reply


def test_the_clouds_own_refusal_is_passed_on_and_no_reason_to_go_local(
    cloud: Cloud, tmp_path: Path
):
    cloud.status, cloud.answer = 429, b'{"type":"error","error":{"type":"rate_limit_error"}}'
    with box_before(cloud, tmp_path) as daemon, cloud.there():
        reply = ask(daemon)
    assert (reply.status, reply.body) == (429, cloud.answer)
    assert reply.headers["x-codriver-route"] == "cloud"


def test_a_client_that_does_not_wait_is_answered_by_the_box(cloud: Cloud, tmp_path: Path):
    cloud.status, cloud.answer = 429, b'{"type":"error","error":{"type":"rate_limit_error"}}'
    with box_before(cloud, tmp_path) as daemon, cloud.there():
        answered_locally(
            daemon.ask(
                "POST",
                "/v1/messages",
                ASKED,
                x_api_key="sk-ant-laptop",
                anthropic_version="2023-06-01",
                user_agent="Anthropic/Python 0.60.0",
            )
        )
        assert daemon.heard("it answers with status 429")
    assert len(cloud.asked) == 1


def test_the_word_that_the_box_said_to_paste_is_no_credential_for_a_cloud(
    cloud: Cloud, tmp_path: Path
):
    with box_before(cloud, tmp_path) as daemon, cloud.there():
        answered_locally(ask(daemon, key="local"))
        assert daemon.heard("wants the laptop's own credential")
    assert cloud.asked == []


def test_naming_the_local_engine_leaves_the_cloud_out(cloud: Cloud, tmp_path: Path):
    with box_before(cloud, tmp_path) as daemon, cloud.there():
        body = ASKED.replace(b"claude-sonnet-5", b"codriver/local")
        answered_locally(daemon.ask("POST", "/v1/messages", body, x_api_key="sk-ant-laptop"))
    assert cloud.asked == []

"""The daemon on a journey: the uplink goes away in every manner, and comes back."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.cloudy import CLOUD_ADDRESS, CLOUD_NAME, DEVICE, Journey, cloudy
from tests.system.daemon import Daemon, started
from tests.system.hosts import at, ip, on

CLOUD = """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
EVENTS = (
    {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream"); self.end_headers()
        for event in EVENTS:
            text = json.dumps(event)
            self.wfile.write(f"event: {event['type']}\\ndata: {text}\\n\\n".encode())
    def log_message(self, *_): pass
server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
print("up", flush=True)
server.serve_forever()
"""

ASK = """
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
turns = [{"role": "user", "content": "hi"}]
body = {"model": "m", "max_tokens": 9, "stream": True, "messages": turns}
connection.request("POST", "/v1/messages", json.dumps(body), {"x-api-key": "k"})
answer = connection.getresponse(); answer.read()
print(answer.headers["x-codriver-route"])
"""


@pytest.fixture
def journey() -> Iterator[Journey]:
    with cloudy() as made, _cloud(made):
        yield made


@contextmanager
def _cloud(journey: Journey) -> Iterator[None]:
    with subprocess.Popen(
        on(journey.internet, "-c", CLOUD), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield
        finally:
            process.kill()


@contextmanager
def box(journey: Journey, folder: Path) -> Iterator[Daemon]:
    config = folder / "codriver.toml"
    config.write_text(
        f"""
        [server]
        port = 0

        [upstreams.cloud]
        dialect = "anthropic"
        url = "http://{CLOUD_NAME}:8000"
        credential = "none"
        connect_timeout_seconds = 1.0
        """
    )
    with started("--fake", "--config", str(config), inside=at(journey.box)) as daemon:
        daemon.wait_up()
        yield daemon


def ask(journey: Journey, daemon: Daemon) -> str:
    """Which engine has answered."""
    return subprocess.run(
        on(journey.box, "-c", ASK, str(daemon.address[1])),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=100,
    ).stdout.strip()


def told(daemon: Daemon, what: str, act: Callable[[], object], words: str) -> None:
    """That it says so; how long it took is shown and not judged."""
    before, said = time.monotonic(), len(daemon.said)
    act()
    assert daemon.heard(words, since=said), daemon.said
    print(f"{what}: told after {time.monotonic() - before:.2f} s")


def up_again(journey: Journey) -> None:
    ip("-n", journey.box, "link", "set", DEVICE, "up")
    ip("-n", journey.box, "route", "add", "default", "via", CLOUD_ADDRESS)


def test_a_link_that_is_down_and_one_that_says_nothing(journey: Journey, tmp_path: Path) -> None:
    with box(journey, tmp_path) as daemon:
        assert daemon.heard("the uplink is online: up0 leads out")
        assert ask(journey, daemon) == "cloud"

        def down() -> None:
            ip("-n", journey.box, "link", "set", DEVICE, "down")

        told(daemon, "down", down, "the uplink is offline (was online): no interface leads out")
        back = "the uplink is online (was offline): cloud answers"
        told(daemon, "back", lambda: up_again(journey), back)

        journey.shaper.drop()
        lost = "the uplink is offline (was online): nothing gets through: 2 losses in a row"
        told(daemon, "silence", lambda: ask(journey, daemon), lost)
        journey.shaper.clear()
        told(daemon, "back", lambda: ask(journey, daemon), back)
    assert "Traceback" not in daemon.said

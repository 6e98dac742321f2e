"""A box with a key of its own before a cloud that answers when it is let: for the queue."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.system.daemon import Daemon, started

KEY = "sk-ant-the-boxs-own"
PATIENCE = 120.0


@dataclass
class Cloud:
    """An Anthropic of one's own, which answers while ``answers`` is set; ``seen`` is what it was
    asked, in order."""

    port: int
    answers: threading.Event = field(default_factory=threading.Event)
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    seen: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    @contextmanager
    def there(self) -> Iterator[None]:
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler_of(self))
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield
        finally:
            self.answers.set()
            server.shutdown()
            serving.join()
            server.server_close()


def handler_of(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            content = body["messages"][-1]["content"]
            prompt = content if isinstance(content, str) else content[-1]["text"]
            cloud.seen.append(prompt)
            cloud.keys.add(self.headers["x-api-key"])
            cloud.asked.release()
            cloud.answers.wait(PATIENCE)
            answer = json.dumps(message(f"answer to {prompt}")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """The box was killed while it waited."""

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler


def message(text: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }


@contextmanager
def box(
    cloud: Cloud, folder: Path, credential: str = '{ file = "key" }', drain: float = 20.0
) -> Iterator[Daemon]:
    """A box with a key of its own for the cloud; its state stays in ``folder``."""
    (folder / "key").write_text(KEY)
    config = folder / "codriver.toml"
    config.write_text(
        f"""
        [server]
        port = 0
        drain_seconds = {drain}

        [upstreams.cloud]
        dialect = "anthropic"
        url = "http://127.0.0.1:{cloud.port}"
        credential = {credential}
        """
    )
    state = {"XDG_STATE_HOME": str(folder / "state")}
    with started("--fake", "--config", str(config), environment=state) as daemon:
        daemon.wait_up()
        yield daemon


def kill(daemon: Daemon) -> None:
    """As a power cut does."""
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()

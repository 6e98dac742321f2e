"""The relay: bytes pass, exchanges are kept, a client that goes away ends the server's work."""

import json
import socket
from threading import Thread
from urllib.request import Request, urlopen

from tests.bench.agent.recorder import Recorder, parse_answer, recording
from tests.bench.agent.scripted import Script, serving, text


def ask(url: str, path: str, body: dict[str, object]) -> str:
    request = Request(url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=10) as response:
        return bytes(response.read()).decode()


def test_an_answer_passes_and_is_kept() -> None:
    script = Script([[text("hello")]])
    with serving(script) as target:
        recorder = Recorder(target)
        with recording(recorder) as url:
            answer = ask(url, "/v1/messages?beta=true", {"model": "m", "stream": True})
    kept = recorder.exchanges[0]
    assert "message_stop" in answer
    assert (kept.method, kept.path, kept.status) == ("POST", "/v1/messages?beta=true", 200)
    assert kept.request == {"model": "m", "stream": True}
    assert kept.response == answer


def test_sampling_is_set_in_model_requests_only() -> None:
    script = Script([[text("hello")]])
    with serving(script) as target:
        recorder = Recorder(target, {"temperature": 0.0})
        with recording(recorder) as url:
            ask(url, "/v1/messages", {"model": "m"})
            ask(url, "/v1/messages/count_tokens", {"model": "m"})
    assert script.requests == [{"model": "m", "temperature": 0.0}]
    assert recorder.exchanges[1].request == {"model": "m"}


def test_a_dead_server_is_kept_as_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    recorder = Recorder(f"http://127.0.0.1:{port}")
    with recording(recorder) as url, socket.create_connection(_address(url)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert client.recv(1) == b""
    assert recorder.exchanges[0].status == 0


def test_the_server_sees_the_client_leave() -> None:
    left: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        watcher = Thread(target=lambda: left.append(_until_closed(listener)))
        watcher.start()
        recorder = Recorder(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with recording(recorder) as url:
            with socket.create_connection(_address(url)) as client:
                client.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
                client.recv(1)
            watcher.join(timeout=10)
    assert left
    assert left[0].startswith(b"GET /slow HTTP/1.1\r\n")
    assert b"connection: close" in left[0]


def test_a_cut_answer_keeps_what_came() -> None:
    cut = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo"
    assert parse_answer(cut, "POST") == (200, "hellowo")
    assert parse_answer(b"", "POST") == (0, "")


def _address(url: str) -> tuple[str, int]:
    return "127.0.0.1", int(url.rsplit(":", 1)[1])


def _until_closed(listener: socket.socket) -> bytes:
    """Answer a head, then read until the other side has gone."""
    connection, _ = listener.accept()
    with connection:
        request = connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n")
        while piece := connection.recv(65536):
            request += piece
    return request

"""Answers out of what came over the wire."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

import pytest

from tests.bench.agent.scripted import Script, call, serving, text
from tests.bench.engine.stream import BenchError, ask, content, count, read


def piece(*events: object) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def delta(words: str) -> dict[str, object]:
    return {"type": "content_block_delta", "delta": {"type": "text_delta", "text": words}}


START = {"type": "message_start", "message": {"usage": {"input_tokens": 90, "output_tokens": 1}}}
END = {
    "type": "message_delta",
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 80, "output_tokens": 3},
}


def test_times_and_counts() -> None:
    pieces = [
        (1.0, piece(START)),
        (2.0, piece(delta(""))),
        (3.0, piece(delta("a"), delta("bc"))),
        (4.0, piece(delta("d"), END)),
    ]
    answer = read(pieces, 0.5, 4.5)
    assert answer.text == "abcd"
    assert answer.times == [3, 4]
    assert (answer.ttft, answer.seconds) == (2.5, 4)
    assert (answer.fresh, answer.cached, answer.prompt, answer.written) == (10, 80, 90, 3)
    assert answer.rate() == pytest.approx(0.75)


def test_an_answer_without_content_ends_first() -> None:
    answer = read([(2.0, piece(START, END))], 1.0, 3.0)
    assert answer.ttft == 2
    with pytest.raises(BenchError, match="too short"):
        answer.rate()


def test_chat_completions_count_their_arrivals() -> None:
    chunks = [
        {"choices": [{"delta": {"role": "assistant", "content": None}}]},
        {"choices": [{"delta": {"content": "a"}}]},
        {"choices": [{"delta": {"content": "b"}}]},
        {"choices": []},
    ]
    answer = read([(float(n), piece(chunk)) for n, chunk in enumerate(chunks)], 0, 4)
    assert (answer.text, answer.written) == ("ab", 2)


def test_an_error_in_the_stream_is_told() -> None:
    with pytest.raises(BenchError, match="no more memory"):
        read([(1.0, piece({"type": "error", "error": {"message": "no more memory"}}))], 0, 1)


def test_what_counts_as_content() -> None:
    begin = {"type": "content_block_start", "content_block": {"type": "tool_use", "name": "Read"}}
    assert content(begin) == "Read"
    part = {"type": "content_block_delta", "delta": {"partial_json": '{"a'}}
    assert content(part) == '{"a'
    assert content({"type": "ping"}) == ""


def test_asks_a_server() -> None:
    begun = Event()
    script = Script([[text("Hello there."), call("Read", {"file_path": "a.py"})]])
    with serving(script) as base_url:
        answer = ask(base_url, {"stream": True, "messages": []}, begun=begun)
        assert count(base_url, {"model": "m", "messages": [], "stream": True}) == 10
    assert answer.text == 'Hello there.Read{"file_path": "a.py"}'
    assert answer.fresh == 10
    assert begun.is_set()


class Refusing(BaseHTTPRequestHandler):
    """Answers everything with 529."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(529)
        self.end_headers()
        self.wfile.write(b"come back later")

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def test_a_refusal_is_told_with_its_words() -> None:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for act in (ask, count):
            thread = Thread(target=server.handle_request)
            thread.start()
            with pytest.raises(BenchError, match="status 529: come back later"):
                act(url, {"messages": []})
            thread.join()

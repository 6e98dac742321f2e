"""kill -9 of the worker in the middle of a stream: one clean error, then it serves again."""

import http.client
import json
import os
import signal
import threading
from pathlib import Path
from time import monotonic

from tests.system.daemon import Daemon, serving

RESTART_SECONDS = 60.0

LONG = {
    "model": "claude-sonnet-5",
    "max_tokens": 1500,
    "stream": True,
    "temperature": 0.9,
    "messages": [{"role": "user", "content": "Write a very long story about a road."}],
}


def test_a_killed_worker_costs_one_answer():
    with serving("--model", "smollm2", "--context", "4096") as daemon:
        (worker,) = daemon.workers()
        connection = http.client.HTTPConnection(*daemon.address, timeout=120)
        connection.request("POST", "/v1/messages", json.dumps(LONG))
        answer = connection.getresponse()
        answer.read(1500)
        os.kill(worker, signal.SIGKILL)
        rest = answer.read().decode()
        connection.close()
        assert "event: error" in rest
        assert "overloaded_error" in rest
        assert "message_stop" not in rest
        assert answers_again(daemon)
        assert daemon.workers() != [worker]


def answers_again(daemon: Daemon) -> bool:
    """As a client would: again until it is taken. The restart takes a few seconds."""
    short = {**LONG, "max_tokens": 4, "stream": False}
    pace, deadline = threading.Event(), monotonic() + RESTART_SECONDS
    while not pace.wait(0.02) and monotonic() < deadline:
        reply = daemon.ask("POST", "/v1/messages", short)
        if reply.status == 200:
            return True
        assert reply.json["error"]["type"] == "overloaded_error"
    return False


def test_the_worker_ends_with_the_daemon():
    with serving("--model", "smollm2", "--context", "2048") as daemon:
        (worker,) = daemon.workers()
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()
        while is_alive(worker):
            pass


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False

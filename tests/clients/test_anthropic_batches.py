"""The official SDK's Message Batches against the real daemon, over a cloud of one's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import anthropic
import pytest

from tests.system.daemon import Daemon
from tests.system.patient_cloud import PATIENCE, Cloud, box, kill


@pytest.fixture
def cloud() -> Cloud:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return Cloud(sock.getsockname()[1])


@pytest.fixture
def daemon(cloud: Cloud, tmp_path: Path) -> Iterator[Daemon]:
    cloud.answers.set()
    with box(cloud, tmp_path) as running:
        yield running


def client_of(daemon: Daemon) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=daemon.url, auth_token="local", max_retries=0)


def asked(name: str, prompt: str) -> dict:
    messages = [{"role": "user", "content": prompt}]
    params = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": messages}
    return {"custom_id": name, "params": params}


def until_ended(client: anthropic.Anthropic, batch: str) -> anthropic.types.messages.MessageBatch:
    pace, deadline = threading.Event(), monotonic() + PATIENCE
    while (found := client.messages.batches.retrieve(batch)).processing_status != "ended":
        assert monotonic() < deadline, found
        pace.wait(0.05)
    return found


def test_from_a_dead_zone_to_results(cloud: Cloud, daemon: Daemon):
    with client_of(daemon) as client:
        made = client.messages.batches.create(requests=[asked("a", "one"), asked("b-2", "two")])
        assert made.id.startswith("msgbatch_01")
        assert made.processing_status == "in_progress"
        assert made.request_counts.processing == 2
        assert (made.expires_at - made.created_at).total_seconds() == 86_400
        assert daemon.heard("is asked again")
        with cloud.there():
            ended = until_ended(client, made.id)
        assert (ended.request_counts.succeeded, ended.request_counts.processing) == (2, 0)
        assert ended.ended_at is not None
        results = {line.custom_id: line.result for line in client.messages.batches.results(made.id)}
        assert results["a"].type == "succeeded"
        assert results["a"].message.content[0].text == "answer to one"
        assert results["b-2"].message.content[0].text == "answer to two"


def test_cancelled_listed_and_deleted(daemon: Daemon):
    with client_of(daemon) as client:
        ids = [
            client.messages.batches.create(requests=[asked("a", f"number {number}")]).id
            for number in range(3)
        ]
        assert [one.id for one in client.messages.batches.list(limit=2)] == ids[::-1]
        cancelled = client.messages.batches.cancel(ids[0])
        assert cancelled.processing_status == "ended"
        assert cancelled.request_counts.canceled == 1
        (line,) = client.messages.batches.results(ids[0])
        assert line.result.type == "canceled"
        with pytest.raises(anthropic.BadRequestError, match="has not ended: cancel it first"):
            client.messages.batches.delete(ids[1])
        assert client.messages.batches.delete(ids[0]).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError):
            client.messages.batches.retrieve(ids[0])


def test_a_batch_survives_a_power_cut(cloud: Cloud, tmp_path: Path):
    with box(cloud, tmp_path) as first:
        with client_of(first) as client:
            made = client.messages.batches.create(requests=[asked("a", "one"), asked("b", "two")])
        kill(first)
    cloud.answers.set()
    with cloud.there(), box(cloud, tmp_path) as second, client_of(second) as client:
        assert until_ended(client, made.id).request_counts.succeeded == 2
        assert len(list(client.messages.batches.results(made.id))) == 2


def test_what_is_refused_is_refused_at_once(daemon: Daemon):
    with client_of(daemon) as client:
        requests = [asked("a", "one"), asked("b", "two")]
        del requests[1]["params"]["max_tokens"]
        with pytest.raises(anthropic.BadRequestError, match=r"requests\.1\.params\.max_tokens"):
            client.messages.batches.create(requests=requests)
        assert list(client.messages.batches.list()) == []

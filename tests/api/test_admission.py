"""What may wait, and how it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.api.admission import Admission, Wanted, checked_at, request_of
from edge.errors import BadRequest, NotPermitted
from edge.queue import Job, NewJob, Work
from tests.api.queueing import SECRET, router_of

ASK: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Why  is the\nsky blue?"}],
}


def admission(folder: Path, *order: str, passing: bool = False) -> Admission:
    router = router_of(folder, *(order or ("cloud", "local")))
    cloud = frozenset({"cloud"})
    none: frozenset[str] = frozenset()
    return Admission(router, usable=none if passing else cloud, passing=cloud if passing else none)


async def admit(made: Admission, body: dict[str, Any], **headers: str) -> NewJob:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await made.admit(Wanted("anthropic", json.dumps(body).encode(), named))


async def refusal(made: Admission, body: dict[str, Any], **headers: str) -> str:
    with pytest.raises(NotPermitted) as caught:
        await admit(made, body, **headers)
    return str(caught.value)


async def test_it_is_kept_as_it_came_and_wants_a_whole_answer(tmp_path: Path):
    job = await admit(admission(tmp_path), {**ASK, "stream": True, "odd": 1.5})
    assert json.loads(job.body) == {**ASK, "odd": 1.5}
    assert (job.model, job.title, job.here) == ("claude-x", "Why is the sky blue?", False)


async def test_no_header_that_could_hold_a_key_is_kept(tmp_path: Path):
    job = await admit(
        admission(tmp_path),
        ASK,
        Authorization="Bearer laptop-key",
        X_Api_Key="laptop-key",
        Cookie="laptop-key",
        X_Something="laptop-key",
        Anthropic_Beta="a,b",
        X_Claude_Code_Session_Id="s-1",
    )
    assert "laptop-key" not in repr(job)
    kept = dict(job.headers)
    assert (kept["anthropic-beta"], kept["x-claude-code-session-id"]) == ("a,b", "s-1")
    assert kept["anthropic-version"] == "2023-06-01"
    assert kept["accept-encoding"] == "identity"


async def test_a_laptops_credential_cannot_wait(tmp_path: Path):
    said = await refusal(admission(tmp_path, passing=True), ASK)
    assert said.startswith("cloud is asked with the laptop's own credential, which is never kept")
    assert said.endswith('[upstreams.cloud] credential = { file = "/etc/codriver/cloud.key" }')


async def test_a_tool_servers_credential_cannot_wait(tmp_path: Path):
    server = {"type": "url", "url": "https://x", "name": "x", "authorization_token": "t0ken"}
    said = await refusal(admission(tmp_path), {**ASK, "mcp_servers": [server]})
    assert said.startswith("mcp_servers.0.authorization_token: a credential is never kept")
    assert "t0ken" not in said


async def test_what_must_not_leave_is_refused_and_may_wait_for_the_box(tmp_path: Path):
    secret = {**ASK, "messages": [{"role": "user", "content": f"use {SECRET}"}]}
    made = admission(tmp_path)
    said = await refusal(made, secret)
    assert said.startswith("this cannot be queued for a cloud: it stays on this box: ")
    assert SECRET not in said
    assert (await admit(made, secret, x_codriver_route="local")).here


async def test_without_an_upstream_in_its_route_nobody_could_be_asked(tmp_path: Path):
    said = await refusal(admission(tmp_path, "local"), ASK)
    assert said.startswith("nobody could be asked for it later: its route has no upstream")
    assert not (await admit(admission(tmp_path, "local"), ASK, x_codriver_route="cloud")).here


async def test_the_box_answers_only_if_the_job_says_so(tmp_path: Path):
    made = admission(tmp_path, "local", "cloud")
    assert not (await admit(made, ASK)).here
    assert (await admit(made, ASK, x_codriver_route="local")).here
    assert (await admit(made, {**ASK, "model": "codriver/local"})).here


async def test_mistakes_are_told_at_once(tmp_path: Path):
    made = admission(tmp_path)
    with pytest.raises(BadRequest, match="max_tokens: Field required"):
        await admit(made, {"model": "m", "messages": ASK["messages"]})
    with pytest.raises(BadRequest, match="no route and no engine is called that"):
        await admit(made, ASK, x_codriver_route="nobody")


async def test_openais_requests_too(tmp_path: Path):
    body = {"model": "gpt-x", "messages": ASK["messages"], "stream": True}
    wanted = Wanted("openai", json.dumps(body).encode(), {})
    job = await admission(tmp_path).admit(wanted)
    assert job.path == "/v1/chat/completions"
    assert b"stream" not in job.body
    assert "anthropic-version" not in dict(job.headers)


async def test_a_kept_job_is_the_request_that_it_was(tmp_path: Path):
    kept = await admit(admission(tmp_path), ASK, anthropic_beta="a")
    job = Job("i", "running", "anthropic", "claude-x", "", False, 9, 0.0, 1.0, 0.0, 1, "")
    request = request_of(Work(job, kept.path, kept.headers, kept.body))
    assert (request.model, request.betas, request.stream) == ("claude-x", ("a",), False)
    assert request.wire is not None
    assert request.wire.body == kept.body


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("a\x1b[31mb\x07", "a[31mb"),
        ("word " * 50, "word " * 11 + "wo..."),
        ([{"type": "text", "text": "the file"}, {"type": "text", "text": "the question"}],
         "the question"),
        ([], ""),
    ],
)  # fmt: skip
async def test_a_title_is_short_and_plain(tmp_path: Path, content: Any, title: str):
    messages = [{"role": "user", "content": content or [{"type": "text", "text": " "}]}]
    job = await admit(admission(tmp_path), {**ASK, "messages": messages})
    assert job.title == title


def test_a_place_in_a_batch():
    assert str(checked_at("requests.3.params", BadRequest("model: no"))) == (
        "requests.3.params.model: no"
    )
    assert str(checked_at("requests.3.params", NotPermitted("no"))) == "requests.3.params: no"

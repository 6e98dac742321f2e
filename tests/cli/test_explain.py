import json
from pathlib import Path

import pytest

from tests.cli.command import Run
from tests.routing.asked import RECORDINGS, chats

CONFIG = """
[upstreams.cloud]
dialect = "anthropic"
url = "https://api.anthropic.com"
[routes.think]
order = ["cloud:claude-opus-5-5", "local"]
[routes.mine]
when = { models = ["gpt*"] }
order = ["local"]
"""
MAIN = RECORDINGS / "claude-code-2.1.330-default-tools.json"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "codriver.toml"
    file.write_text(CONFIG)
    return file


@pytest.fixture
def body(tmp_path: Path) -> Path:
    return tmp_path / "body.json"


def test_a_recording_is_explained(codriver: Run, config: Path):
    said = codriver("explain", MAIN, "--config", config)
    assert (said.code, said.err) == (0, "")
    for expected in (
        "request      claude-opus-5-5, about ",
        "project      /home/dev/project\n",
        "privacy      nothing in it has to stay on this box\n",
        "link         not watched\n",
        "passed over  mine: the model claude-opus-5-5 is none of gpt*\n",
        "             image: it has no order of its own\n",
        "route        think\n",
        "order        cloud:claude-opus-5-5, then local\n",
        "reason       route think (thinking is wanted): cloud:claude-opus-5-5 is first",
    ):
        assert expected in said.out


def test_as_if_the_link_were_so(codriver: Run, config: Path):
    offline = codriver("explain", MAIN, "--config", config, "--link", "offline")
    assert "order        local\n" in offline.out
    assert "the link is offline (as you say): cloud is not tried" in offline.out
    assert "hedge  " in codriver("explain", MAIN, "--config", config, "--link", "weak").out


def test_for_programs(codriver: Run, config: Path):
    told = json.loads(codriver("explain", MAIN, "--config", config, "--json").out)
    assert told["order"] == [
        {"engine": "cloud", "model": "claude-opus-5-5"},
        {"engine": "local", "model": None},
    ]
    assert told["features"]["project"] == "/home/dev/project"
    assert told["passed_over"][0]["route"] == "mine"
    assert (told["route"], told["private"], told["link"]) == ("think", None, None)


def test_a_bare_body_and_what_is_private_in_it(codriver: Run, config: Path, body: Path):
    key = "AKIA" + "Q3EGRZ7NHB2WTX5D"
    message = {"role": "user", "content": f"use {key}"}
    body.write_text(json.dumps({"model": "claude-x", "max_tokens": 9, "messages": [message]}))
    said = codriver("explain", body, "--config", config)
    assert "privacy      an AWS access key is in it\n" in said.out
    assert "order        local\n" in said.out
    assert key not in said.out


@pytest.mark.parametrize("name", chats())
def test_every_recording(codriver: Run, name: str):
    said = codriver("explain", RECORDINGS / f"{name}.json")
    assert (said.code, said.err) == (0, "")
    assert "order        local\n" in said.out


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "this is not JSON: "),
        (b"[" * 100_000, "this is not JSON: "),
        (b"[]", "this is no request: it should be a JSON object"),
        (b"{}", "model: Field required"),
        (b'{"body": null}', "this recording has no body"),
        (b'{"body": {}, "headers": [1]}', "headers: expected pairs of a name and a value"),
        (b'{"model": "x", "max_tokens": 1, "messages": []}', "messages: at least one message"),
    ],
)
def test_what_is_no_request_is_one_sentence(
    codriver: Run, body: Path, content: bytes, complaint: str
):
    body.write_bytes(content)
    said = codriver("explain", body)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"codriver: {body}: {complaint}")
    assert len(said.err.splitlines()) == 1


def test_a_file_that_is_not_there(codriver: Run, body: Path):
    assert codriver("explain", body).err == f"codriver: {body}: No such file or directory\n"


def test_a_pattern_that_cannot_be_used(codriver: Run, config: Path):
    config.write_text(CONFIG + "[privacy]\nnever_cloud_patterns = ['(']\n")
    assert (
        "pattern 1 cannot be used: missing )" in codriver("explain", MAIN, "--config", config).err
    )

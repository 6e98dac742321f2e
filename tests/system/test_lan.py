"""``codriver serve --host 0.0.0.0`` on one host, a laptop on another: token, pasted lines, find."""

from __future__ import annotations

import json
import re
import socket
import stat
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.system.daemon import MODELS_DIR, Daemon, started
from tests.system.hosts import BOX_ADDRESS, Lan, at, on

PORT = 4141

# What a client does with the two pasted lines; prints the status and the body.
LAPTOP = """
import http.client, json, os, sys
from urllib.parse import urlsplit

address = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
connection = http.client.HTTPConnection(address.hostname, address.port, timeout=200)
body = json.dumps({
    "model": "claude-sonnet-5", "max_tokens": 4, "messages": [{"role": "user", "content": "hi"}]
})
connection.request("POST", "/v1/messages", body, json.loads(sys.argv[1]))
answer = connection.getresponse()
print(json.dumps([answer.status, json.loads(answer.read())]))
"""


def box(
    lan: Lan, state: Path, *options: str, host: str | None = None
) -> AbstractContextManager[Daemon]:
    words = ("--host", "0.0.0.0", "--port", str(PORT), "--models-dir", str(MODELS_DIR), *options)
    environment = {"XDG_STATE_HOME": str(state)}
    return started(*words, inside=at(host or lan.box), environment=environment)


def pasted(said: str) -> dict[str, str]:
    """The environment after the lines that the box says to paste."""
    return dict(re.findall(r"^    export (\w+)=(\S+)$", said, re.MULTILINE))


def ask(lan: Lan, url: str, headers: dict[str, str]) -> tuple[int, Any]:
    done = subprocess.run(
        on(lan.laptop, "-c", LAPTOP, json.dumps(headers)),
        env={"ANTHROPIC_BASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=240,
    )
    status, body = json.loads(done.stdout)
    return status, body


def find(lan: Lan, *options: str) -> str:
    words = ("-m", "edge", "find", "--seconds", "2", *options)
    done = subprocess.run(
        on(lan.laptop, *words), stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    return done.stdout


def test_a_laptop_pastes_two_lines_and_is_served(lan: Lan, tmp_path: Path):
    with box(lan, tmp_path, "--model", "smollm2", "--context", "2048") as daemon:
        daemon.wait_up()
        assert daemon.heard("ANTHROPIC_AUTH_TOKEN")
        lines = pasted(daemon.said)
        url, token = lines["ANTHROPIC_BASE_URL"], lines["ANTHROPIC_AUTH_TOKEN"]
        assert url == f"http://{BOX_ADDRESS}:{PORT}"
        kept = tmp_path / "codriver" / "token"
        assert kept.read_text().strip() == token
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        for wrong in ({}, {"Authorization": "Bearer local"}, {"x-api-key": token[:-1]}):
            status, answer = ask(lan, url, wrong)
            assert (status, answer["error"]["type"]) == (401, "authentication_error")
            assert token not in json.dumps(answer)
        for right in ({"Authorization": f"Bearer {token}"}, {"x-api-key": token}):
            status, answer = ask(lan, url, right)
            assert (status, answer["type"]) == (200, "message")
        assert daemon.heard("announced on the LAN")
        is_found(lan, url)
    assert daemon.said.count(token) == 1
    assert "Traceback" not in daemon.said
    is_shown_no_second_time(lan, tmp_path, token)


def is_found(lan: Lan, url: str) -> None:
    heading, row = find(lan).splitlines()
    assert heading.split() == ["NAME", "MODEL", "BOARD", "ADDRESS", "AUTH"]
    assert row.split()[1] == "smollm2-135m"
    assert row.split()[-2:] == [url, "token"]
    (one,) = json.loads(find(lan, "--json"))
    assert one["name"] == socket.gethostname().replace(".", "-")
    assert (one["addresses"], one["port"]) == ([BOX_ADDRESS], PORT)
    assert (one["url"], one["model"], one["auth"]) == (url, "smollm2-135m", "token")


def is_shown_no_second_time(lan: Lan, state: Path, token: str) -> None:
    with box(lan, state, "--fake") as daemon:
        daemon.wait_up()
        assert daemon.heard("ANTHROPIC_AUTH_TOKEN=TOKEN")
        assert f"the token was shown at the first start and is kept in {state}" in daemon.said
        assert ask(lan, daemon.url, {"x-api-key": token})[0] == 200
    assert token not in daemon.said


def test_a_taken_name_gets_a_number(lan: Lan, tmp_path: Path):
    """Two hosts: on one, the kernel chooses which of two sockets gets the other's objection."""
    name = socket.gethostname().replace(".", "-")
    with box(lan, tmp_path / "one", "--fake") as first:
        assert first.heard(f'announced on the LAN as "{name}"')
        with box(lan, tmp_path / "two", "--fake", host=lan.laptop) as second:
            assert second.heard(f'announced on the LAN as "{name}-2"')

"""Starting and stopping servers, with Python's own web server as the server."""

import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.bench.agent import servers
from tests.bench.agent.servers import Launch, ServerNotReady, running


def web(port: int) -> Launch:
    code = (
        "from http.server import HTTPServer, SimpleHTTPRequestHandler as H;"
        f"HTTPServer(('127.0.0.1', {port}), H).serve_forever()"
    )
    return Launch("web", (sys.executable, "-c", code), port, ready_path="/")


def test_runs_while_the_block_runs(tmp_path: Path) -> None:
    launch = web(servers.free_port())
    with running(launch, tmp_path / "logs" / "web.log") as url, urlopen(url) as response:
        assert response.status == 200
    with pytest.raises(URLError):
        urlopen(url, timeout=5)


def test_a_server_that_ends_is_told_with_its_log(tmp_path: Path) -> None:
    launch = Launch("bad", (sys.executable, "-c", "print('no such model'); exit(2)"), 1)
    with (
        pytest.raises(ServerNotReady, match=r"exit code 2:\nno such model"),
        running(launch, tmp_path / "bad.log"),
    ):
        pass


def test_codriver_is_called_as_a_person_calls_it() -> None:
    launch = servers.codriver(Path("/m.gguf"), 8192, ["--config", "x.toml"])
    words = " ".join(launch.command[1:])
    port = launch.port
    assert words == (f"-m edge serve --model /m.gguf --port {port} --context 8192 --config x.toml")
    assert launch.base_url.endswith(f":{port}")


def test_the_peer_gets_the_same_file_and_settings() -> None:
    launch = servers.peer(Path("/v/python"), Path("/m.gguf"), 8192, 2, "top_k=20")
    words = " ".join(launch.command[2:])
    assert launch.command[1].endswith("peer.py")
    assert words.startswith("--model /m.gguf --port ")
    assert words.endswith("--context 8192 --threads 2 --sampling top_k=20")

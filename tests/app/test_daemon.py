"""The daemon in this process, on a scripted engine: its parts, their order, its end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.app.daemon import Plant, serve
from edge.config import Config, CredentialFile, UpstreamSettings, load
from edge.config.settings import BudgetSettings, RouteSettings, UpstreamBudget, WhenSettings
from edge.engines.base import Question
from edge.engines.fake import FakeEngine
from edge.errors import ConfigError, StartFailed
from edge.units import Tokens

REQUEST = {"model": "claude-x", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}

DEFAULTS = load(None)


@dataclass
class Heard:
    """What the daemon told, and when it told where it serves."""

    lines: list[str] = field(default_factory=list)
    up: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, text: str) -> None:
        self.lines += text.splitlines()
        if "serving" in text:
            self.up.set()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def pasted(self, name: str) -> str:
        found = re.search(rf"export {name}=(\S+)", self.text)
        assert found is not None
        return found[1]


def quiet(config: Config | None = None, **server: object) -> Config:
    """Nothing announced; a free port on loopback unless said otherwise."""
    config = config or DEFAULTS
    changed = replace(config.server, **{"port": 0, "drain_seconds": 1.0, **server})
    return replace(config, server=changed, lan=replace(config.lan, announce=False))


def plant(config: Config, folder: Path, heard: Heard) -> Plant:
    return Plant(config, folder, None, heard, engine=FakeEngine())


@asynccontextmanager
async def running(config: Config, folder: Path) -> AsyncIterator[Heard]:
    """Up inside the block; stopped after it as systemd does."""
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        daemon = tasks.create_task(serve(plant(config, folder, heard)))
        daemon.add_done_callback(lambda _: heard.up.set())
        await heard.up.wait()
        yield heard
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon


async def status(url: str, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/messages", json=REQUEST, headers=headers) as answer,
    ):
        return answer.status


async def test_serves_until_it_is_told_to_stop(tmp_path: Path):
    async with running(quiet(), tmp_path) as heard:
        url = heard.pasted("ANTHROPIC_BASE_URL")
        assert heard.pasted("ANTHROPIC_AUTH_TOKEN") == "local"
        assert "route      local" in heard.lines
        assert await status(url) == 200
    with pytest.raises(aiohttp.ClientConnectorError):
        await status(url)
    assert os.listdir(tmp_path) == [], "on loopback there is nothing to keep"  # noqa: PTH208


async def test_beyond_loopback_every_request_needs_the_token(tmp_path: Path):
    config = quiet(host="0.0.0.0")
    async with running(config, tmp_path) as heard:
        url = f"http://127.0.0.1:{heard.pasted('ANTHROPIC_BASE_URL').rpartition(':')[2]}"
        token = heard.pasted("ANTHROPIC_AUTH_TOKEN")
        assert await status(url) == 401
        assert await status(url, Authorization="Bearer local") == 401
        assert await status(url, Authorization=f"Bearer {token}") == 200
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    async with running(config, tmp_path) as again:
        assert again.pasted("ANTHROPIC_AUTH_TOKEN") == "TOKEN"
        assert str(tmp_path / "token") in again.text
        assert token not in again.text


async def test_the_route_is_told_as_it_will_be_tried(tmp_path: Path):
    cloud = UpstreamSettings(dialect="anthropic", url="http://127.0.0.1:9")
    both = replace(DEFAULTS, upstreams={"cloud": cloud})
    default = replace(both.routes["default"], order=())
    both = replace(both, routes={"default": default})
    async with running(quiet(both), tmp_path) as heard:
        assert "route      cloud > local" in heard.lines


async def test_what_an_upstream_takes_is_written_down_and_bars_it(tmp_path: Path):
    usage = {"input_tokens": 10, "output_tokens": 5}
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response({"type": "message", "content": [], "usage": usage})

    far = web.Application()
    far.router.add_post("/v1/messages", answer)
    async with TestServer(far) as cloud:
        settings = UpstreamSettings("anthropic", str(cloud.make_url("/")), "none")
        config = replace(
            quiet(),
            upstreams={"cloud": settings},
            routes={"default": RouteSettings(("cloud", "local"))},
            budget=BudgetSettings(None, None, {"cloud": UpstreamBudget(tokens_a_day=Tokens(20))}),
        )
        routes = []
        for _ in range(2):
            async with running(config, tmp_path) as heard, aiohttp.ClientSession() as session:
                url = heard.pasted("ANTHROPIC_BASE_URL")
                for _ in range(2):
                    async with session.post(f"{url}/v1/messages", json=REQUEST) as answered:
                        assert answered.status == 200
                        routes.append(answered.headers["x-codriver-route"])
                reason = answered.headers["x-codriver-reason"]
                async with session.get(f"{url}/metrics") as page:
                    metrics = await page.text()
    assert routes == ["cloud", "cloud", "local", "local"]
    assert len(asked) == 2
    assert reason == (
        "local is first in the route's order; "
        "cloud is passed over: its tokens of today are used (30 of 20)"
    )
    assert 'codriver_upstream_spent_today_tokens{engine="cloud"} 30' in metrics
    assert 'codriver_upstream_failures_total{engine="cloud"} 0' in metrics
    assert "codriver_queue_waiting 0\n" in metrics
    assert stat.S_IMODE((tmp_path / "spending.json").stat().st_mode) == 0o600


# --- starts that fail -----------------------------------------------------------------


async def refusal(config: Config, folder: Path) -> str:
    with pytest.raises(StartFailed) as caught:
        await serve(plant(config, folder, Heard()))
    return str(caught.value)


async def test_a_busy_port(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = await refusal(quiet(port=port), tmp_path)
    assert said.startswith(f"port {port} on 127.0.0.1 is in use")
    assert "--port" in said


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("", "server.host is empty"),
        ("203.0.113.9", "cannot listen on 203.0.113.9 port 0: Cannot assign requested address"),
        ("caf\u00e9..x", "this is no host's name"),
        ("a\0b", "this is no host's name"),
    ],
)
async def test_a_host_that_is_none(tmp_path: Path, host: str, words: str):
    assert words in await refusal(quiet(host=host), tmp_path)


async def test_a_credential_that_is_not_there(tmp_path: Path):
    settings = UpstreamSettings("anthropic", "http://127.0.0.1:9", CredentialFile(tmp_path / "no"))
    config = replace(quiet(), upstreams={"cloud": settings})
    with pytest.raises(ConfigError, match="credential file does not exist"):
        await serve(plant(config, tmp_path, Heard()))


async def test_what_fails_inside_a_task_group_is_still_one_sentence(tmp_path: Path):
    config = quiet(host="0.0.0.0")
    folder = tmp_path / "state"
    folder.write_text("a file where a folder should be")
    config = replace(
        config,
        auth=replace(config.auth, token_file=tmp_path / "token"),
        lan=replace(config.lan, announce=True),
    )
    said = await refusal(config, folder)
    assert said.startswith(str(folder / "id"))


async def test_told_to_stop_while_it_starts_it_stops(tmp_path: Path):
    pipe = tmp_path / "key"
    os.mkfifo(pipe)
    cloud = UpstreamSettings("anthropic", "http://127.0.0.1:9", CredentialFile(pipe))
    config = replace(quiet(), upstreams={"cloud": cloud})
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        daemon = tasks.create_task(serve(plant(config, tmp_path, heard)))
        end = await until(lambda: os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        os.kill(os.getpid(), signal.SIGTERM)
    os.close(end)
    assert daemon.cancelled()
    assert heard.lines == []


async def until(act: Callable[[], int]) -> int:
    """What ``act`` returns once it can: nobody reads the pipe before the daemon does."""
    while True:
        try:
            return act()
        except OSError:
            await asyncio.sleep(0)


async def test_where_a_route_goes_by_need_the_boxs_model_is_asked_what_answers_mean(
    tmp_path: Path,
):
    light = RouteSettings(("local",), when=WhenSettings(need="light"))
    config = replace(quiet(), routes={**DEFAULTS.routes, "light": light})
    asked = asyncio.Event()

    def say(question: Question) -> None:
        asked.set()

    engine, heard = FakeEngine(opinion=say), Heard()
    async with asyncio.TaskGroup() as tasks:
        made = replace(plant(config, tmp_path, heard), engine=engine)
        daemon = tasks.create_task(serve(made))
        await asked.wait()
        await heard.up.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon
    assert engine.questions[0].labels == ("light", "heavy")

"""When the uplink is watched at all, and with what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.uplink import watched
from edge.config import Config, load
from edge.state import LinkState
from edge.uplink.evidence import Kernel
from tests.uplink.modem.simulated import Simulated, modem

CLOUD = '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'
NEAR = '[upstreams.near]\ndialect = "anthropic"\nurl = "http://192.168.1.20:8000"\n'


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(request.param)
    return load(file)


async def told(tell: Callable[[Kernel], None]) -> None:
    tell(Kernel(False, "eth0 has no carrier"))


@pytest.mark.parametrize("config", ["", NEAR, CLOUD + "[uplink]\nwatch = false\n"], indirect=True)
async def test_nothing_is_watched_without_need(config: Config) -> None:
    async with watched(config, told) as watch:
        assert watch is None


@pytest.mark.parametrize("config", [CLOUD], indirect=True)
async def test_behind_a_proxy_on_the_lan_nothing_is_beyond(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://192.168.1.1:3128")
    async with watched(config, told) as watch:
        assert watch is None


@pytest.mark.parametrize("config", [CLOUD + NEAR], indirect=True)
async def test_only_what_is_beyond_the_uplink_is_judged_by_it(config: Config) -> None:
    heard: asyncio.Queue[LinkState] = asyncio.Queue()
    async with watched(config, told) as watch:
        assert watch is not None
        watch.subscribe(heard.put_nowait)
        assert watch.over_link == {"cloud"}
        told_first = await heard.get()
        assert (told_first.level, told_first.reason) == ("offline", "eth0 has no carrier")


@pytest.mark.parametrize(
    ("config", "cost"),
    [
        (CLOUD + '[uplink]\nmetered = "yes"\n', True),
        (CLOUD + '[uplink]\nmetered = "no"\n', False),
        (CLOUD, None),
    ],
    indirect=["config"],
)
async def test_what_bytes_cost_is_configured(config: Config, cost: bool | None) -> None:
    heard: asyncio.Queue[LinkState] = asyncio.Queue()
    async with watched(config, told) as watch:
        assert watch is not None
        watch.subscribe(heard.put_nowait)
        assert (await heard.get()).metered is cost


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    with modem(tmp_path) as made:
        made.set(rsrp=10)
        yield made


@pytest.mark.parametrize(
    "config", [CLOUD + '[uplink]\nmodem = "/dev/none-such"\n', CLOUD], indirect=True
)
async def test_a_modem_s_low_signal_is_a_weak_link(config: Config, simulated: Simulated) -> None:
    is_there = not config.uplink.modem
    path = config.uplink.modem or str(simulated.link)
    config = replace(config, uplink=replace(config.uplink, modem=path))
    heard: asyncio.Queue[LinkState] = asyncio.Queue()

    async def online(tell: Callable[[Kernel], None]) -> None:
        tell(Kernel(True, "eth0 leads out", ("eth0",)))

    async with watched(config, online) as watch, asyncio.timeout(30):
        assert watch is not None
        watch.subscribe(heard.put_nowait)
        assert (await heard.get()).level == "online"
        if is_there:
            weak = await heard.get()
            assert (weak.level, weak.reason) == ("weak", "the signal is low (-131 dBm)")

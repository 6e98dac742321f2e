"""When the uplink is watched at all, and with what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.app.uplink import watched
from edge.config import Config, load
from edge.state import LinkState
from edge.uplink.evidence import Kernel

CLOUD = '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'
NEAR = '[upstreams.near]\ndialect = "anthropic"\nurl = "http://192.168.1.20:8000"\n'


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

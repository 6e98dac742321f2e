"""When the uplink is watched at all, and with what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.uplink import watched
from edge.config import Config, load
from edge.state import LinkState
from edge.units import Seconds
from edge.uplink import Watch
from edge.uplink.evidence import Kernel
from edge.uplink.modem.properties import NETWORK as MODEM_NETWORK
from edge.uplink.opinion import DEVICE
from edge.uplink.pause import pause
from tests.uplink.bus import running
from tests.uplink.bus.running import Running
from tests.uplink.modem.simulated import Simulated, modem

CLOUD = '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'
NO_BUS = "unix:path=/nowhere/bus"
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
    async with watched(config, told, NO_BUS) as watch:
        assert watch is None


@pytest.mark.parametrize("config", [CLOUD], indirect=True)
async def test_behind_a_proxy_on_the_lan_nothing_is_beyond(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://192.168.1.1:3128")
    async with watched(config, told, NO_BUS) as watch:
        assert watch is None


@pytest.mark.parametrize("config", [CLOUD + NEAR], indirect=True)
async def test_only_what_is_beyond_the_uplink_is_judged_by_it(config: Config) -> None:
    heard: asyncio.Queue[LinkState] = asyncio.Queue()
    async with watched(config, told, NO_BUS) as watch:
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
    async with watched(config, told, NO_BUS) as watch:
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

    async with watched(config, online, NO_BUS) as watch, asyncio.timeout(30):
        assert watch is not None
        watch.subscribe(heard.put_nowait)
        assert (await heard.get()).level == "online"
        if is_there:
            weak = await heard.get()
            assert (weak.level, weak.reason) == ("weak", "the signal is low (-131 dBm)")


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "bus"
    with running.bus("hw/sim", path):
        yield f"unix:path={path}"


@pytest.fixture
def networks(bus: str, tmp_path: Path) -> Iterator[Running]:
    with running.service("NetworkManager", tmp_path / "bus") as made:
        yield made


def leads_out(interface: str) -> Callable[[Callable[[Kernel], None]], Awaitable[None]]:
    async def told_so(tell: Callable[[Kernel], None]) -> None:
        tell(Kernel(True, f"{interface} leads out", (interface,)))

    return told_so


async def until(watch: Watch, cost: bool | None) -> None:
    """The watch says what bytes cost when it is asked."""
    while True:
        state = watch.state()
        if state is not None and state.metered is cost:
            return
        await pause(asyncio.Event(), Seconds(0.01))


@pytest.mark.parametrize("config", [CLOUD], indirect=True)
async def test_networkmanager_s_word_is_followed(
    config: Config, bus: str, networks: Running, caplog: pytest.LogCaptureFixture
) -> None:
    device = "/org/freedesktop/NetworkManager/Devices/3"
    with caplog.at_level(logging.INFO):
        async with watched(config, leads_out("wlan0"), bus) as watch, asyncio.timeout(30):
            assert watch is not None
            await until(watch, True)
            await asyncio.to_thread(networks.do, set=[device, DEVICE, {"Metered": 4}])
            await until(watch, False)
            await asyncio.to_thread(networks.do, serve=False)
            await until(watch, None)
    said = [line for one in caplog.records if (line := one.message).startswith("bytes on")]
    assert said == [
        "bytes on wlan0 cost money: NetworkManager's settings for this connection say so",
        "bytes on wlan0 cost nothing extra: NetworkManager guesses so",
        "bytes on wlan0 may cost money: nobody says",
    ]


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("config", [CLOUD + '[uplink]\nmetered = "no"\n'], indirect=True)
async def test_a_person_s_word_goes_before_networkmanager_s(
    config: Config, bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with watched(config, leads_out("wlan0"), bus) as watch, asyncio.timeout(30):
            assert watch is not None
            await until(watch, False)
    assert "NetworkManager" not in caplog.text, "it is not even asked"


@pytest.mark.parametrize(
    "config", [CLOUD + '[uplink]\nmodem = "/dev/cdc-wdm-sim"\n'], indirect=True
)
async def test_a_modem_that_modemmanager_has_is_the_link_s_too(
    config: Config, bus: str, tmp_path: Path
) -> None:
    heard: asyncio.Queue[LinkState] = asyncio.Queue()
    with ExitStack() as stack:
        made = running.service("ModemManager", tmp_path / "bus")
        manager = await asyncio.to_thread(stack.enter_context, made)
        path, network = "/org/freedesktop/ModemManager1/Modem/0", MODEM_NETWORK
        await asyncio.to_thread(manager.do, set=[path, network, {"RegistrationState": 2}])
        async with watched(config, leads_out("wwan0"), bus) as watch, asyncio.timeout(30):
            assert watch is not None
            watch.subscribe(heard.put_nowait)
            while (state := await heard.get()).level != "offline":
                pass
            assert state.reason == "the modem has no network (searching)"
            assert state.metered is True

"""The shell around the link, on a scripted time: who is told, what is probed, and when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from edge.state import LinkState, Outcome
from edge.units import Seconds
from edge.uplink.evidence import Answered, Evidence, Kernel, Lost, Modem
from edge.uplink.spacing import Spacing
from edge.uplink.watch import Sources, Watch

UP = Kernel(True, "eth0 leads out", ("eth0",))
GONE = Kernel(False, "eth0 has no carrier", ())
LOST = Lost("cloud", "timeout", "no connection within 4 s", probe=True)
ANSWERED = Answered("cloud", Seconds(0.1), probe=True)


@dataclass
class Stage:
    """A watch whose time passes only while it waits, and whose sources are told what to say."""

    probes: list[Evidence] = field(default_factory=list)
    """What the next probes find; without any left, the world ends."""
    now: float = 1000.0
    made: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    told: list[LinkState] = field(default_factory=list)
    at: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    """What happens when."""
    modem: Callable[[Callable[[Modem], None]], Awaitable[None]] | None = None
    running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.watch = Watch(
            Sources(self._kernel, self._probe, self.modem),
            frozenset({"cloud", "other"}),
            clock=lambda: self.now,
            spacing=Spacing(lambda: 0.5),
            metered=lambda interface: interface == "wwan0" or None,
            pause=self._pause,
        )
        self.watch.subscribe(self.told.append)

    async def _kernel(self, tell: Callable[[Kernel], None]) -> None:
        tell(UP)

    async def _probe(self, avoid: frozenset[str]) -> Evidence:
        self.made.append((self.now - 1000.0, avoid))
        return self.probes.pop(0)

    async def _pause(self, stir: asyncio.Event, seconds: Seconds | None) -> None:
        await asyncio.sleep(0)
        if stir.is_set():
            return
        happens = self.at[0][0] if self.at else None
        if happens is None and seconds is None:
            self._end()
            await asyncio.sleep(0)
        until = self.now + (seconds if seconds is not None else 1e9)
        if happens is not None and happens <= until:
            self.now = max(self.now, happens)
            self.at.pop(0)[1]()
        else:
            self.now = until

    def happens(self, second: float, what: Callable[[], None]) -> None:
        self.at.append((1000.0 + second, what))

    def ends(self, second: float) -> None:
        self.happens(second, self._end)

    def _end(self) -> None:
        assert self.running is not None
        self.running.cancel()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            self.running = tasks.create_task(self.watch.run())
        assert not self.probes, "probes that nobody wanted"

    @property
    def levels(self) -> list[str]:
        return [state.level for state in self.told]


def lost(upstream: str = "cloud") -> tuple[str, Outcome]:
    return upstream, Outcome("timeout")


async def test_a_link_that_is_well_is_never_probed(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.happens(5, lambda: stage.watch.report("cloud", Outcome(None, Seconds(0.4))))
    stage.happens(9000, stage.watch.asked)
    with caplog.at_level(logging.INFO):
        await stage.run()
    assert (stage.levels, stage.made) == (["online"], [])
    assert [record.message for record in caplog.records] == [
        "the uplink is online: eth0 leads out; nothing was sent over it yet"
    ]


async def test_a_loss_is_looked_into_at_once_and_then_nobody_asks() -> None:
    stage = Stage(probes=[LOST, LOST])
    stage.happens(5, lambda: stage.watch.report(*lost()))
    stage.ends(100)
    await stage.run()
    assert stage.levels == ["online", "offline"]
    assert [at for at, _ in stage.made] == [5, 6]


async def test_who_asks_has_it_probed_ever_more_seldom_and_back_it_comes_by_proof(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(probes=[LOST, LOST, LOST, LOST, LOST, ANSWERED, ANSWERED, ANSWERED])
    stage.happens(5, lambda: stage.watch.report(*lost()))
    stage.happens(8, stage.watch.asked)
    stage.ends(200)
    with caplog.at_level(logging.INFO):
        await stage.run()
    pauses = [b - a for (a, _), (b, _) in zip(stage.made, stage.made[1:], strict=False)]
    assert pauses[-2:] == [1, 1], "a proof under way is not kept waiting"
    assert pauses[2:5] == sorted(pauses[2:5])
    assert stage.levels == ["online", "offline", "online"]
    assert caplog.records[-1].message == "the uplink is online (was offline): cloud answers"


async def test_a_link_that_is_there_again_is_probed_unasked() -> None:
    stage = Stage(probes=[ANSWERED, ANSWERED, ANSWERED])
    stage.happens(5, lambda: stage.watch._saw_way(GONE))
    stage.happens(300, lambda: stage.watch._saw_way(UP))
    await stage.run()
    assert stage.levels == ["online", "offline", "online"]
    assert [at for at, _ in stage.made] == [300, 301, 302]


async def test_an_upstream_on_this_side_says_nothing_of_the_link() -> None:
    stage = Stage()
    for second in range(5):
        stage.happens(second, lambda: stage.watch.report(*lost("nearby")))
    await stage.run()
    assert (stage.levels, stage.made) == (["online"], [])


async def test_probes_keep_away_from_an_upstream_with_trouble_of_its_own() -> None:
    stage = Stage(probes=[ANSWERED, ANSWERED])
    stage.happens(5, lambda: stage.watch.report(*lost("other")))
    stage.happens(50, lambda: stage.watch.report(*lost("other")))
    stage.happens(60, lambda: stage.watch.report(*lost("cloud")))
    stage.ends(61)
    await stage.run()
    assert stage.made == [(5, frozenset()), (60, frozenset({"other"}))]


async def test_the_modem_s_word_arrives_and_what_it_costs() -> None:
    async def modem(tell: Callable[[Modem], None]) -> None:
        tell(Modem("searching", interface="wwan0"))

    stage = Stage(modem=modem)
    stage.happens(3, lambda: stage.watch._saw_way(Kernel(True, "", ("wwan0",))))
    await stage.run()
    state = stage.watch.state()
    assert state == LinkState("offline", "the modem has no network (searching)", metered=True)


async def test_who_no_longer_wants_to_be_told_is_not() -> None:
    stage = Stage()
    heard: list[LinkState] = []
    stop = stage.watch.subscribe(heard.append)
    stage.watch._saw(UP)
    stop()
    stage.watch._saw(GONE)
    assert [state.level for state in heard] == ["online"]
    assert stage.levels == ["online", "offline"]


async def test_nothing_is_known_before_anything_is_seen() -> None:
    assert Stage().watch.state() is None

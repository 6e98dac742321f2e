"""The level of the uplink out of evidence: online, weak or offline, and the reason.

Pure: fed with evidence and the time. Where the kernel says that there is no way out the link
is offline at once; otherwise it takes several losses with no answer between. The way back wants
proof: several answers without a loss, that stood for as long as the link's past asks (flaps).
Trouble of a single upstream while others answer is that upstream's own. Knows no socket, no
clock and no engine. Used by watch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

from edge.state import LinkLevel, LinkState
from edge.units import Seconds
from edge.uplink.evidence import Answered, Evidence, Kernel, Lost, Modem, Portal
from edge.uplink.flaps import Flaps
from edge.uplink.quality import Quality

LOSSES = 2
"""Losses in a row, at different moments, that make a link offline."""
SAME_MOMENT = Seconds(1.0)
"""What breaks together (requests of several laptops) is one loss."""
LOSS_LASTS = Seconds(120.0)
"""A loss before that is history."""

PROOFS = 3
"""Answers in a row that bring a link back;"""
PROOFS_THAT_STOOD = 2
"""or so many, if they are so far apart, or if the latest was a request and no probe."""
STOOD = Seconds(5.0)
FRESH = Seconds(10.0)
"""The last of them is no older than this."""

UNHEARD = Seconds(120.0)
"""Offline without any evidence for so long, a link is worth a try."""

Urgency = Literal["none", "later", "now"]
"""How much a probe would tell."""


@dataclass(slots=True)
class _Run:
    """Answers without a loss between."""

    first: float
    last: float
    count: int = 1
    by_request: bool = False
    """Whether the latest was a real request."""

    def extend(self, now: float, probe: bool) -> None:
        self.last, self.count, self.by_request = now, self.count + 1, not probe

    @property
    def is_enough(self) -> bool:
        stood = self.by_request or self.last - self.first >= STOOD
        return self.count >= PROOFS or (self.count >= PROOFS_THAT_STOOD and stood)


class _Names:
    """Which upstreams have trouble of their own: others answer while they do not."""

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self.own: set[str] = set()

    def answered(self, name: str) -> None:
        self._failing.discard(name)
        self.own.discard(name)
        self.own |= self._failing

    def lost(self, name: str) -> bool:
        """True if it counts against the link."""
        self._failing.add(name)
        return name not in self.own


class Link:
    """The state machine of one box's uplink. ``now`` never goes back."""

    def __init__(self) -> None:
        self._kernel: Kernel | None = None
        self._modem: Modem | None = None
        self._names = _Names()
        self._flaps = Flaps()
        self._quality = Quality()
        self._run: _Run | None = None
        self._losses = 0
        self._lost_at = 0.0
        self._heard_at = 0.0
        self._down: str | None = None
        """Why it is offline until the contrary is proved."""
        self._untried = False
        self._good: str | None = None
        self._state: LinkState | None = None

    @property
    def state(self) -> LinkState | None:
        """As of the last evidence or look; None while nothing is known."""
        return self._state

    @property
    def own_trouble(self) -> frozenset[str]:
        """Upstreams that do not answer while others do."""
        return frozenset(self._names.own)

    @property
    def interface(self) -> str | None:
        """The one that leads out, as far as it is known."""
        return next(iter(self._kernel.interfaces), None) if self._kernel else None

    def saw(self, evidence: Evidence, now: float) -> None:
        match evidence:
            case Kernel() | Modem():
                self._see_way(evidence, now)
            case Answered():
                self._see_answer(evidence, now)
            case Lost():
                self._see_loss(evidence, now)
            case Portal():
                self._see_portal(evidence, now)
            case _:
                assert_never(evidence)
        self.look(now)

    def look(self, now: float) -> None:
        """Time has passed."""
        if self._losses and now - self._lost_at >= LOSS_LASTS:
            self._losses = 0
        self._quality.signal(self._modem if self._modem_in_use() else None)
        gone = self._gone()
        if gone is not None:
            self._set("offline", gone)
        elif self._down is not None and not self._is_back(now):
            self._set("offline", self._down)
        elif weak := self._quality.weak(now):
            self._set("weak", weak)
        elif self._good is not None:
            self._set("online", self._good)

    def urgency(self, now: float) -> Urgency:
        """Whether a probe would change anything: never where there is no way out anyway."""
        if self._gone() is not None or self._state is None:
            return "none"
        if self._untried or (self._losses and self._down is None):
            return "now"
        if self._down is not None and self._run is not None:
            held = now - self._run.first < self._flaps.hold(now)
            return "later" if held and self._run.is_enough else "now"
        return "none" if self._state.level == "online" else "later"

    # --- what was seen ------------------------------------------------------------------

    def _see_way(self, fact: Kernel | Modem, now: float) -> None:
        before, had = self._gone(), self.interface
        if isinstance(fact, Kernel):
            self._kernel = fact
        else:
            self._modem = fact
        gone = self._gone()
        if gone is not None:
            if before is None:
                self._drop(gone, now)
        elif before is not None or (had is not None and had != self.interface):
            self._begin_anew(now)
        elif self.interface is not None and self._good is None:
            self._good = f"{self.interface} leads out; nothing was sent over it yet"

    def _begin_anew(self, now: float) -> None:
        """There is a way out again, or another one: what was seen of the old one is void."""
        self._losses, self._run, self._untried, self._heard_at = 0, None, True, now
        self._quality.forget()
        if self._down is not None:
            name = self.interface or "the network"
            self._down = f"{name} leads out again, but nothing has answered over it yet"

    def _see_answer(self, answer: Answered, now: float) -> None:
        self._names.answered(answer.name)
        self._losses, self._untried, self._heard_at = 0, False, now
        if self._run is None:
            self._run = _Run(now, now, by_request=not answer.probe)
        else:
            self._run.extend(now, answer.probe)
        self._quality.answered(answer, now)
        self._good = f"{answer.name} answers"

    def _see_loss(self, loss: Lost, now: float) -> None:
        if loss.kind == "refused":  # somebody was reached who said no
            return
        if not self._names.lost(loss.name):
            return
        self._untried, self._heard_at = False, now
        if self._losses and now - self._lost_at < SAME_MOMENT:
            return
        self._losses, self._lost_at = self._losses + 1, now
        if self._down is not None:
            if self._run is not None:
                self._drop(self._down, now)
            return
        self._run = None
        self._quality.lost(loss, now)
        if self._losses >= LOSSES:
            what = "something else answers" if loss.kind == "stranger" else "nothing gets through"
            self._drop(f"{what}: {self._losses} losses in a row; {loss.name}: {loss.why}", now)

    def _see_portal(self, portal: Portal, now: float) -> None:
        if not self._names.lost(portal.name):
            return
        self._untried, self._heard_at = False, now
        why = f"a sign-in page answers: {portal.why}; sign in to this network from a laptop"
        if self._down is None or self._run is not None:
            self._drop(why, now)
        self._down = why

    # --- what follows -------------------------------------------------------------------

    def _drop(self, why: str, now: float) -> None:
        """Offline until the contrary is proved, or a proof under way is void."""
        self._flaps.dropped(now)
        self._quality.forget()
        self._down, self._run, self._heard_at = why, None, now

    def _is_back(self, now: float) -> bool:
        """Whether what made it offline is over; if so it is forgotten."""
        run = self._run
        if run is not None and run.is_enough:
            back = now - run.first >= self._flaps.hold(now) and now - run.last <= FRESH
        else:
            back = False
        if not back and now - self._heard_at >= UNHEARD:
            back = True
            self._quality.suspect(f"nothing was heard of the link for {UNHEARD:.0f} s", now)
        if back:
            self._down, self._losses = None, 0
            self._good = self._good or "the link may be back"
        return back

    def _gone(self) -> str | None:
        """Why there is no way out at all, as far as kernel and modem know."""
        if self._kernel is not None and not self._kernel.usable:
            return self._kernel.reason
        modem = self._modem
        if modem is None or modem.registered is not False or modem.interface is None:
            return None
        if self.interface != modem.interface:
            return None
        return f"the modem has no network ({modem.registration})"

    def _modem_in_use(self) -> bool:
        modem = self._modem
        return modem is not None and modem.interface in (None, self.interface)

    def _set(self, level: LinkLevel, reason: str) -> None:
        doubted = self._losses > 0 and level != "offline"
        self._state = LinkState(level, reason, doubted=doubted)

"""The simulated services do what they are told; tests of who reads them say the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbus_fast import Variant

from hw.sim.service import PROGRAMS, variant
from tests.uplink.bus import running


@pytest.mark.parametrize("title", sorted(PROGRAMS))
def test_orders_and_what_is_wrong_with_them(title: str, tmp_path: Path) -> None:
    path = tmp_path / "bus"
    with running.bus("hw/sim", path), running.service(title, path) as made:
        assert made.do(report=True) == {"listed": 0}
        assert made.do(serve=False) == made.do(serve=True) == {"listed": 0}
        assert "expected set, forget" in made.do(sit=True)["error"]


def test_values_for_the_wire() -> None:
    assert variant(("(ub)", [5, True])) == Variant("(ub)", (5, True))
    assert variant(("a{sv}", {"rsrp": -90})) == Variant("a{sv}", {"rsrp": Variant("d", -90.0)})

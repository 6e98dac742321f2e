"""Where queued jobs may go."""

import pytest

from edge.queue.gate import Gate, gate
from edge.state import LinkState, Snapshot

BOTH = frozenset({"cloud", "near"})
FAR = frozenset({"cloud"})


def seen(link: LinkState | None) -> Snapshot:
    return Snapshot(link=link, over_link=FAR)


@pytest.mark.parametrize(
    "link",
    [None, LinkState("online", "fine"), LinkState("online", "fine", metered=False)],
)
def test_a_link_that_is_well_is_open(link: LinkState | None):
    assert gate(seen(link), BOTH, metered_too=False) == Gate(BOTH)


@pytest.mark.parametrize("level", ["weak", "offline"])
def test_what_is_on_the_lan_needs_no_link(level):
    found = gate(seen(LinkState(level, "a tunnel")), BOTH, metered_too=True)
    assert found == Gate(frozenset({"near"}), f"the link is {level} (a tunnel)")


def test_bytes_that_cost_money_are_a_persons_choice():
    link = LinkState("online", "fine", metered=True)
    shut = gate(seen(link), FAR, metered_too=False)
    assert shut.open == frozenset()
    assert shut.why == "the link is metered, and [queue] metered is false"
    assert gate(seen(link), FAR, metered_too=True) == Gate(FAR)


def test_nothing_is_waited_for_where_nobody_is_far():
    link = LinkState("offline", "a tunnel")
    near = frozenset({"near"})
    assert gate(seen(link), near, metered_too=False) == Gate(near)

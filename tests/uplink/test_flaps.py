"""What a past of drops costs, and how it is forgiven."""

from edge.uplink.flaps import HALF_LIFE, HOLDS, MOST_POINTS, Flaps


def test_a_single_drop_costs_nothing() -> None:
    flaps = Flaps()
    assert flaps.hold(0) == 0
    flaps.dropped(10)
    assert flaps.hold(10) == 0


def test_the_hold_off_grows_with_every_drop_up_to_a_bound() -> None:
    flaps = Flaps()
    holds = []
    for second in range(30):
        flaps.dropped(second)
        holds.append(flaps.hold(second))
    assert holds == sorted(holds)
    assert holds[-1] == max(hold for _, hold in HOLDS)
    assert flaps.points(29) <= MOST_POINTS


def test_points_fade_by_half() -> None:
    flaps = Flaps()
    flaps.dropped(0)
    flaps.dropped(0)
    assert flaps.points(HALF_LIFE) == 1.0
    assert flaps.hold(HALF_LIFE) == 0

from edge.routing.features import features_of
from tests.bench.routes.labelled import load


def test_there_are_enough_of_each_in_each_half():
    development, held_out = load("development"), load("held out")
    assert len(development) + len(held_out) >= 240
    assert len(load("blind")) >= 150
    for half in (development, held_out, load("blind")):
        heavy = sum(one.tier == "heavy" for one in half)
        assert 0.4 < heavy / len(half) < 0.6
    assert len({one.text for one in (*development, *held_out)}) == len(development) + len(held_out)
    assert all(one.why and one.tier in ("light", "heavy") for one in (*development, *held_out))


def test_requests_are_what_their_lines_say():
    for one in (*load("development"), *load("held out"), *load("blind")):
        found = features_of(one.request())
        assert found.said[-1].strip() == one.text.strip()
        assert found.failures == one.around.get("failures", 0)
        assert found.background == bool(one.around.get("background"))

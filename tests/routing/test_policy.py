from hypothesis import given
from hypothesis import strategies as st

from edge.chat import ChatRequest
from edge.routing.policy import Rules, decide
from edge.state import EngineState, Snapshot

UP = EngineState(True, "fine")
DOWN = EngineState(False, "no route to host")
RULES = Rules(("cloud", "local"))


def ask(model: str = "claude-sonnet-5") -> ChatRequest:
    return ChatRequest(model=model, messages=())


def test_the_rules_order_holds_while_all_are_ready():
    decision = decide(ask(), Snapshot((("local", UP), ("cloud", UP))), RULES)
    assert decision.order == ("cloud", "local")
    assert "cloud is first" in decision.reason


def test_an_engine_that_is_down_is_tried_last_and_the_reason_says_so():
    decision = decide(ask(), Snapshot((("local", UP), ("cloud", DOWN))), RULES)
    assert decision.order == ("local", "cloud")
    assert "cloud is down: no route to host" in decision.reason


def test_a_model_id_can_name_the_engine():
    decision = decide(ask("codriver/local"), Snapshot((("local", UP), ("cloud", UP))), RULES)
    assert decision.order == ("local",)


def test_an_unknown_name_follows_the_rules():
    decision = decide(ask("codriver/moon"), Snapshot((("local", UP),)), RULES)
    assert decision.order == ("local",)


MODELS = (("local", frozenset({"coder", "codriver/coder", "codriver/cloud"})),)


def test_an_engines_own_model_goes_to_that_engine_alone():
    engines = (("local", UP), ("cloud", UP))
    for word in ("coder", "codriver/coder", "Codriver/Coder"):
        decision = decide(ask(word), Snapshot(engines, MODELS), RULES)
        assert decision.order == ("local",)
        assert decision.reason == f"the request names {word}, a model of local"
    assert decide(ask("codriver/moon"), Snapshot(engines, MODELS), RULES).order == RULES.order


def test_an_engines_name_is_not_a_models():
    snapshot = Snapshot((("local", UP), ("cloud", UP)), MODELS)
    assert decide(ask("codriver/cloud"), snapshot, RULES).order == ("cloud",)


@given(st.dictionaries(st.sampled_from(["local", "cloud", "peer"]), st.booleans()))
def test_every_known_engine_of_the_rules_is_tried_once(ready):
    snapshot = Snapshot(tuple((name, EngineState(up, "x")) for name, up in ready.items()))
    rules = Rules(("cloud", "local", "peer"))
    assert sorted(decide(ask(), snapshot, rules).order) == sorted(ready)

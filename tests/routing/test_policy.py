from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import ChatRequest
from edge.routing.features import Answer, Likeness, features_of
from edge.routing.need import load_table
from edge.routing.policy import Decision, Rules, among, decide, doubts, hangs
from edge.routing.rules import Route, Step, When
from edge.state import EngineState, LinkState, Snapshot
from edge.units import Tokens
from tests.routing.asked import DOWN, UP, asked, names, snapshot

RULES = Rules(("cloud", "local"))


def ask(model: str = "claude-sonnet-5") -> ChatRequest:
    return ChatRequest(model=model, messages=())


def test_the_rules_order_holds_while_all_are_ready():
    decision = decide(ask(), snapshot(), RULES)
    assert names(decision) == ["cloud", "local"]
    assert decision.reason == "cloud is first in the route's order"
    assert (decision.route, decision.hedge, decision.pinned) == ("default", False, False)


def test_an_engine_that_is_down_is_tried_last_and_the_reason_says_so():
    decision = decide(ask(), snapshot(local=UP, cloud=DOWN), RULES)
    assert names(decision) == ["local", "cloud"]
    assert "cloud is down: no route to host" in decision.reason


def test_nobody_is_ready():
    decision = decide(ask(), snapshot(local=DOWN, cloud=DOWN), RULES)
    assert names(decision) == ["cloud", "local"]
    assert decision.reason.startswith("no engine is ready; cloud is down: ")


def test_a_model_id_can_name_the_engine():
    decision = decide(ask("codriver/local"), snapshot(), RULES)
    assert names(decision) == ["local"]
    assert decision.reason == "the request names the engine local"


def test_an_unknown_name_follows_the_rules():
    assert names(decide(ask("codriver/moon"), snapshot(local=UP), RULES)) == ["local"]


def test_a_model_of_an_engine_goes_there_alone():
    box = Snapshot((("local", UP), ("cloud", UP)), (("local", frozenset({"coder"})),))
    decision = decide(ask("coder"), box, RULES)
    assert names(decision) == ["local"]
    assert decision.reason == "the request names coder, a model of local"


def test_a_route_is_named_with_its_reason():
    rules = Rules(RULES.order, scenarios=(Route("background", (Step("local", "small"),)),))
    decision = decide(ask("claude-haiku-4-5"), snapshot(), rules)
    assert names(decision) == ["local:small"]
    assert decision.route == "background"
    assert decision.reason == (
        "route background (claude-haiku-4-5 is a model for background work): "
        "local:small is first in the route's order"
    )


def test_the_length_is_what_the_caller_says():
    rules = Rules(RULES.order, scenarios=(Route("longContext", (Step("local"),)),))
    assert decide(ask(), snapshot(), rules).route == "default"
    assert decide(ask(), snapshot(), rules, tokens=Tokens(60_001)).route == "longContext"


# --- the link --------------------------------------------------------------------------


def test_without_a_link_no_upstream_is_tried_while_local_can_answer():
    decision = decide(ask(), snapshot("offline"), RULES)
    assert names(decision) == ["local"]
    assert decision.reason == (
        "local is first in the route's order; "
        "the link is offline (the modem says so): cloud is not tried"
    )


def test_without_a_link_and_with_local_down_the_upstream_is_the_last_resort():
    decision = decide(ask(), snapshot("offline", local=DOWN, cloud=UP), RULES)
    assert names(decision) == ["local", "cloud"]
    assert "cloud is tried last" in decision.reason


def test_a_weak_link_may_be_hedged():
    assert decide(ask(), snapshot("weak"), RULES).hedge
    assert names(decide(ask(), snapshot("weak"), RULES)) == ["cloud", "local"]
    assert not decide(ask(), snapshot("online"), RULES).hedge
    doubted = replace(snapshot(), link=LinkState("online", "cloud answers", doubted=True))
    assert decide(ask(), doubted, RULES).hedge
    assert not decide(ask(), snapshot("weak"), Rules(("local", "cloud"))).hedge
    assert not decide(ask(), snapshot("weak"), Rules(("cloud",))).hedge


def test_a_route_to_the_cloud_alone_is_answered_by_the_box_unless_it_says_only():
    rules = Rules(("cloud",))
    assert names(decide(ask(), snapshot("online"), rules)) == ["cloud"]
    assert names(decide(ask(), snapshot("offline"), rules)) == ["local"]
    insisting = decide(ask(), snapshot("offline"), Rules(("cloud",), only=True))
    assert names(insisting) == ["cloud"]
    assert "nobody else may answer" in insisting.reason


def test_a_server_on_the_lan_needs_no_link():
    rules = Rules(("lab", "cloud", "local"))
    decision = decide(ask(), snapshot("offline", lab=UP, cloud=UP, local=UP), rules)
    assert names(decision) == ["lab", "local"]
    assert not decide(ask(), snapshot("weak", lab=UP, cloud=UP, local=UP), rules).hedge


# --- budgets ---------------------------------------------------------------------------

SPENT = (("cloud", "its budget of today is spent ($5.00 of $5.00)"),)


def test_who_may_not_be_asked_is_passed_over_and_the_reason_says_so():
    box = replace(snapshot(), barred=SPENT)
    decision = decide(ask(), box, RULES)
    assert names(decision) == ["local"]
    assert decision.reason == (
        "local is first in the route's order; "
        "cloud is passed over: its budget of today is spent ($5.00 of $5.00)"
    )
    assert names(decide(ask(), box, Rules(("cloud:a", "cloud:b")))) == ["local"]


def test_one_reason_for_several_is_told_once():
    why = "all upstreams' budget of today is spent ($5.00 of $5.00)"
    box = replace(snapshot(lab=UP, cloud=UP, local=UP), barred=(("cloud", why), ("lab", why)))
    decision = decide(ask(), box, Rules(("cloud", "lab", "local")))
    assert decision.reason == (
        f"local is first in the route's order; cloud, lab are passed over: {why}"
    )


def test_a_budget_holds_for_who_insists_too():
    box = replace(snapshot(), barred=SPENT)
    assert decide(ask("codriver/cloud"), box, RULES).order == ()
    assert decide(ask(), box, Rules(("cloud",), only=True)).order == ()


# --- pins ------------------------------------------------------------------------------


def pinned(request: ChatRequest, rules: Rules = RULES, **engines: EngineState):
    return decide(request, snapshot(**engines), rules, pin="a key is in it")


def test_a_pin_leaves_the_box_alone():
    decision = pinned(ask())
    assert names(decision) == ["local"]
    assert decision.pinned
    assert decision.reason == "it stays on this box: a key is in it"


def test_no_override_breaks_a_pin():
    tag = "<CCR-SUBAGENT-MODEL>cloud,x</CCR-SUBAGENT-MODEL>"
    for request in (
        ask("codriver/cloud"),
        ask("cloud,claude-x"),
        asked(tag),
        asked("hi", headers={"x-codriver-route": "cloud"}),
    ):
        assert names(pinned(request)) == ["local"]
    assert names(pinned(ask("codriver/local:coder"))) == ["local:coder"]


def test_a_pin_holds_while_the_box_is_down_and_where_there_is_none():
    assert names(pinned(ask(), local=DOWN, cloud=UP)) == ["local"]
    assert pinned(ask(), cloud=UP).order == ()


# --- whatever comes --------------------------------------------------------------------

ENGINES = ("local", "cloud", "peer")
SNAPSHOTS = st.builds(
    Snapshot,
    st.dictionaries(st.sampled_from(ENGINES), st.sampled_from([UP, DOWN])).map(
        lambda states: tuple(states.items())
    ),
    link=st.none()
    | st.sampled_from(("online", "weak", "offline")).map(lambda at: LinkState(at, "x")),
)


@given(st.dictionaries(st.sampled_from(ENGINES), st.booleans()))
def test_every_known_engine_of_the_rules_is_tried_once(ready):
    box = Snapshot(tuple((name, EngineState(up, "x")) for name, up in ready.items()))
    assert sorted(names(decide(ask(), box, Rules(ENGINES)))) == sorted(ready)


@given(SNAPSHOTS, st.permutations(ENGINES), st.booleans(), st.none() | st.just("a key"))
def test_a_decision_is_possible_unique_and_safe(box, order, only, pin):
    decision = decide(ask(), box, Rules(tuple(order), only=only), pin=pin)
    known = dict(box.engines)
    assert len(set(decision.order)) == len(decision.order)
    assert all(step.engine in known for step in decision.order)
    assert decision.reason
    assert decision.reason.isprintable()
    if pin:
        assert {step.engine for step in decision.order} <= {"local"}
    elif known:
        assert decision.order


def test_among_some_there_is_nobody_else_and_no_hedge():
    decision = Decision((Step("cloud", "m"), Step("near"), Step("local")), "why", hedge=True)
    assert among(decision, frozenset({"cloud", "local"})) == Decision(
        (Step("cloud", "m"), Step("local")), "why"
    )
    assert among(decision, frozenset()).order == ()


# --- likeness ---------------------------------------------------------------------------

SENTENCES = Rules(("cloud", "local"), own=(Route("r", (Step("local"),), When(like=("hello",))),))


@pytest.mark.parametrize(
    ("more", "pin", "expected"),
    [
        ({}, None, True),
        ({}, "it is private", False),
        ({"model": "codriver/local"}, None, False),
        ({"headers": {"x-codriver-route": "cloud"}}, None, False),
        ({"headers": {"x-codriver-route": "nobody"}}, None, False),
    ],
)
def test_nothing_is_compared_where_it_changes_nothing(more, pin, expected: bool):
    features = features_of(asked("hi", **more))
    assert hangs(features, snapshot(), SENTENCES, pin=pin) is expected


# --- questions --------------------------------------------------------------------------

LIGHT = Route("light", (Step("local"),), When(need="light"))
NEED = Rules(("cloud", "local"), own=(LIGHT,), table=load_table())
DOUBTFUL = "add a field to the other form"


@pytest.mark.parametrize(
    ("text", "more", "pin", "link", "expected"),
    [
        (DOUBTFUL, {}, None, None, True),
        ("why does it hang? refactor it", {}, None, None, False),
        (DOUBTFUL, {}, "it is private", None, False),
        (DOUBTFUL, {"model": "codriver/local"}, None, None, False),
        (DOUBTFUL, {"headers": {"x-codriver-route": "nobody"}}, None, None, False),
        (DOUBTFUL, {}, None, "offline", False),
    ],
)
def test_a_question_is_put_only_where_others_may_answer_for_it(
    text: str, more, pin, link, expected: bool
):
    features = replace(features_of(asked(text, **more)), likeness=Likeness())
    assert doubts(features, snapshot(link), NEED, pin=pin) is expected
    assert not doubts(replace(features, answer=Answer()), snapshot(link), NEED, pin=pin)
    assert not doubts(features, snapshot(link), replace(NEED, table=None), pin=pin)

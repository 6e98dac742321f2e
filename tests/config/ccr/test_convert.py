import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.ccr import convert

PROVIDERS = [
    {"name": "Big", "api_base_url": "https://big.example/v1/messages", "models": ["b1", "b2"]},
    {"name": "box", "api_base_url": "http://10.1.1.1:8000/v1/chat/completions", "models": ["q:8b"]},
]


def of(**rest):
    return convert({"Providers": PROVIDERS, **rest})


def orders(found) -> dict[str, tuple[str, ...]]:
    return {route.name: route.order for route in found.routes}


def test_scenarios_with_their_fallbacks_and_the_box_behind():
    found = of(
        Router={
            "default": "Big,b1",
            "background": "box,q:8b",
            "think": "",
            "longContext": "big, b2",
            "longContextThreshold": 30000,
            "webSearch": "Big/b1",
        },
        fallback={"default": ["box,q:8b", "Big,b1"], "longContext": []},
    )
    assert orders(found) == {
        "default": ("big:b1", "box:q:8b", "local"),
        "background": ("box:q:8b", "local"),
        "longContext": ("big:b2", "local"),
        "webSearch": ("big:b1", "local"),
    }
    (long,) = (route for route in found.routes if route.name == "longContext")
    assert long.threshold == 30000
    assert found.notes == ()


def test_everything_else_is_listed():
    found = of(
        CUSTOM_ROUTER_PATH="/x.js",
        transformers=[{"path": "/y.js"}],
        PORT=3456,
        HOST="",
        LOG=True,
        forceUseImageAgent=False,
        novelty={"a": 1},
        Router={"default": "gone,x", "coffee": "Big,b1", "longContextThreshold": "many"},
    )
    assert found.routes == ()
    assert [note.partition(":")[0] for note in found.notes] == [
        "route default",
        "Router.coffee",
        "CUSTOM_ROUTER_PATH",
        "transformers",
        "novelty",
    ]
    wrong = of(Router={"longContext": "Big,b1", "longContextThreshold": "many"})
    assert wrong.notes == ("Router.longContextThreshold: it is no whole number",)


def rule(left: str, operator: str, right: object, **rest):
    rewrites = [{"key": "request.body.model", "operation": "set", "value": "Big/b1"}]
    condition = {"left": left, "operator": operator, "right": right}
    return {"name": "My rule", "condition": condition, "rewrites": rewrites, **rest}


@pytest.mark.parametrize(
    ("given_rule", "when"),
    [
        (rule("request.header.x-app", "==", "a*b"), {"headers": {"x-app": "a[*]b"}}),
        (rule("request.header.x-app", "contains", "cli"), {"headers": {"x-app": "*cli*"}}),
        (rule("request.body.model", "starts with", "claude-"), {"models": ["claude-*"]}),
        (rule("request.body.tools", "contains deep", "web"), {"tools": ["*web*"]}),
    ],
)
def test_rules_on_headers_models_and_tools(given_rule, when):
    fallback = {"mode": "model-chain", "models": ["box/q:8b"]}
    found = of(Router={"rules": [{**given_rule, "fallback": fallback}]})
    (route,) = found.routes
    assert (route.name, dict(route.when or {})) == ("My-rule", when)
    assert route.order == ("big:b1", "box:q:8b", "local")
    assert found.notes == ()


@pytest.mark.parametrize(
    ("given_rule", "note"),
    [
        (rule("request.body.max_tokens", ">", "9"), "its condition has no counterpart"),
        (rule("request.header.x", "!=", "9"), "its condition has no counterpart"),
        (rule("request.header.x", "==", 9), "its condition has no counterpart"),
        ({**rule("request.header.x", "==", "9"), "rewrites": []}, "its rewrite has no counterpart"),
        (rule("request.header.x", "==", "9", type="script"), "it is a script; write its"),
        (rule("request.header.x", "==", "9", enabled=False), "it is switched off"),
    ],
)
def test_rules_that_cannot_be_said_are_listed(given_rule, note: str):
    found = of(Router={"rules": [given_rule, 7]})
    assert found.routes == ()
    assert found.notes[0].startswith(f"rule My rule: {note}")
    assert found.notes[1] == "rule rule-2: it is switched off or no object"


def test_other_rewrites_are_noted_and_names_are_unique():
    more = rule("request.header.x", "==", "9", name="think")
    more["rewrites"].append({"key": "request.body.temperature", "operation": "set", "value": 1})
    found = of(Router={"rules": [more, rule("request.header.x", "==", "8", name="think rule")]})
    assert [route.name for route in found.routes] == ["think-rule", "think-rule-2"]
    assert found.notes == ("rule think: requests are not rewritten (request.body.temperature)",)


@pytest.mark.parametrize("value", [None, [], 3, {}, {"Router": {}}])
def test_what_is_no_such_configuration(value):
    with pytest.raises(ValueError, match="no Providers"):
        convert(value)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("Big,b1"),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "use", "rules", "condition", "left", "default", "models"]),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANY, ANY, ANY)
def test_whatever_stands_there_is_no_failure(providers, routing, fallback):
    value = {"Providers": providers, "Router": routing, "fallback": fallback}
    try:
        convert(value)
    except ValueError as error:
        assert "no Providers" in str(error)

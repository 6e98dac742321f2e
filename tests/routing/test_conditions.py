from dataclasses import replace

import pytest

from edge.routing.conditions import hangs_on_likeness, pick, unmet
from edge.routing.features import Features, Likeness
from edge.routing.need import load_table
from edge.routing.rules import SCENARIOS, Route, Rules, Step, When
from edge.state import EngineState, Snapshot
from edge.units import Seconds, Tokens
from tests.routing.asked import snapshot

ONE = Features(
    model="claude-sonnet-5",
    tokens=Tokens(1000),
    tools=("Bash", "mcp__git__log"),
    effort="low",
    directories=("/home/ann/work/acme",),
    headers=(("x-app", "cli"), ("authorization", "Bearer sk-secret")),
)


def answered(ago: float | None) -> Snapshot:
    last = None if ago is None else Seconds(ago)
    return Snapshot((("cloud", EngineState(True, "fine", last)),))


@pytest.mark.parametrize(
    ("when", "why_not"),
    [
        (When(), None),
        (When(min_tokens=Tokens(1000), max_tokens=Tokens(1000)), None),
        (When(min_tokens=Tokens(1001)), "about 1000 tokens are fewer than 1001"),
        (When(max_tokens=Tokens(999)), "about 1000 tokens are more than 999"),
        (When(any_tools=True), None),
        (When(any_tools=False), "tools are offered"),
        (When(tools=("mcp__*", "Write")), None),
        (When(tools=("Write",)), "none of the tools Write is offered"),
        (When(models=("claude-SONNET-*",)), None),
        (When(models=("gpt*", "qwen*")), "the model claude-sonnet-5 is none of gpt*, qwen*"),
        (When(efforts=("low", "high")), None),
        (When(efforts=("high",)), "the effort is low, and not high"),
        (When(headers={"X-App": "c*"}), None),
        (When(headers={"x-app": "web"}), "the header x-app is not like web"),
        (When(headers={"x-team": "*"}), "there is no header x-team"),
        (When(projects=("~/work",)), None),
        (When(projects=("/srv",)), "the project /home/ann/work/acme is not in /srv"),
        (When(link=("weak",)), "the link is not watched, and not weak"),
        (When(metered=True), "whether the link is metered is not known"),
    ],
)
def test_each_condition(when: When, why_not: str | None):
    assert unmet(when, ONE, snapshot()) == why_not


def test_a_headers_value_is_never_repeated():
    assert "secret" not in str(unmet(When(headers={"authorization": "x"}), ONE, snapshot()))


def test_what_is_unknown_does_not_hold():
    nothing = Features("claude-x")
    assert unmet(When(max_tokens=Tokens(9)), nothing, snapshot()) == (
        "the prompt's length is not known"
    )
    assert unmet(When(projects=("*",)), nothing, snapshot()) == "the project is not known"
    assert unmet(When(any_tools=True), nothing, snapshot()) == "no tools are offered"
    assert "not said" in str(unmet(When(efforts=("low",)), nothing, snapshot()))


def test_the_link():
    weak = snapshot("weak", metered=True)
    assert unmet(When(link=("weak", "offline"), metered=True), ONE, weak) is None
    assert unmet(When(link=("online",)), ONE, weak) == "the link is weak, and not online"
    assert unmet(When(metered=False), ONE, weak) == "the link is metered"


def test_silence():
    quiet = When(silent_for={"cloud": Seconds(300)})
    assert unmet(quiet, ONE, answered(300.0)) is None
    assert unmet(quiet, ONE, answered(None)) is None, "never since the start is long ago"
    assert unmet(quiet, ONE, answered(5.0)) == "cloud answered 5 s ago, which is less than 300 s"


# --- picking --------------------------------------------------------------------------

ALL = tuple(Route(name, (Step(name),)) for name in SCENARIOS)
GIVEN = Features(
    "claude-haiku-4-5",
    tokens=Tokens(60_001),
    images=1,
    background=True,
    subagent=True,
    web_search=True,
    thinking=True,
)


def test_scenarios_in_their_order():
    left = list(ALL)
    for name in SCENARIOS:
        picked = pick(GIVEN, snapshot(), Rules(scenarios=tuple(left)))
        assert picked.route.name == name
        assert picked.why
        left.pop(0)
    assert pick(GIVEN, snapshot(), Rules()).route.name == "default"


def test_a_scenario_that_is_not_given_says_why():
    picked = pick(Features("claude-x"), snapshot(), Rules(scenarios=ALL))
    assert picked.route.name == "default"
    assert [one.route for one in picked.passed] == list(SCENARIOS)
    assert picked.passed[1].why_not == "the prompt's length is not known"
    assert picked.passed[3].why_not == "claude-x is no model for background work"
    assert pick(ONE, snapshot(), Rules()).passed[0].why_not == "it has no order of its own"


def test_long_is_more_than_the_threshold():
    rules = Rules(scenarios=ALL, long_context=Tokens(1000))
    assert pick(ONE, snapshot(), rules).route.name == "default"
    longer = replace(ONE, tokens=Tokens(1001))
    picked = pick(longer, snapshot(), rules)
    assert (picked.route.name, picked.why) == (
        "longContext",
        "about 1001 tokens are more than 1000",
    )


def test_the_first_route_of_ones_own_comes_before_every_scenario():
    own = (
        Route("never", (Step("a"),), When(models=("gpt*",))),
        Route("first", (Step("b"),), When(min_tokens=Tokens(1))),
        Route("second", (Step("c"),), When(min_tokens=Tokens(1))),
    )
    picked = pick(GIVEN, snapshot(), Rules(own=own, scenarios=ALL))
    assert picked.route.name == "first"
    assert [one.route for one in picked.passed] == ["never"]


# --- sentences and need -----------------------------------------------------------------

LIKE = ("explain this function",)
SAYS = replace(ONE, said=("what does this function do?",))


def compared(most: float | None, leaning: float | None = None) -> Features:
    found = {} if most is None else {LIKE: most}
    return replace(SAYS, likeness=Likeness(found, leaning))


def test_likeness_to_sentences():
    when = When(like=LIKE, likeness=0.6)
    unknown = "whether it is like its sentences is not known"
    assert unmet(when, SAYS, snapshot()) == unknown
    assert unmet(when, compared(None), snapshot()) == unknown
    assert unmet(when, compared(0.6), snapshot()) is None
    assert unmet(when, compared(0.591), snapshot()) == (
        "it is like its sentences by 0.59, which is less than 0.6"
    )


def test_need():
    table = load_table()
    easy, hard, unsure = (
        replace(ONE, said=(text,))
        for text in (
            "show me the unused import, just tell me the file",
            "why does it deadlock?",
            "add the thing to the other thing",
        )
    )
    assert unmet(When(need="light"), easy, snapshot(), table) is None
    assert unmet(When(need="heavy"), hard, snapshot(), table) is None
    assert "looks heavy" in str(unmet(When(need="light"), hard, snapshot(), table))
    assert "may be heavy" in str(unmet(When(need="light"), unsure, snapshot(), table))
    assert unmet(When(need="heavy"), unsure, snapshot(), table) is None
    assert "nobody has said" in str(unmet(When(need="heavy"), ONE, snapshot(), table))


def own(*whens: When) -> Rules:
    routes = tuple(Route(f"r{n}", (Step("local"),), when) for n, when in enumerate(whens))
    return Rules(own=routes, table=load_table())


def test_the_reason_tells_likeness_and_need():
    picked = pick(compared(0.81), snapshot(), own(When(like=LIKE, need="light")))
    assert picked.why == (
        "it is like its sentences by 0.81, and"
        " the work looks light (a question of what something is)"
    )


@pytest.mark.parametrize(
    ("rules", "hangs"),
    [
        (own(), False),
        (own(When(any_tools=True), When(like=LIKE)), False),
        (own(When(any_tools=False), When(like=LIKE)), True),
        (own(When(any_tools=False, like=LIKE)), False),
        (own(When(need="light")), True),
        (own(When(like=LIKE, need="heavy", any_tools=False)), False),
        (own(When(need="heavy"), When(like=LIKE)), True),
    ],
)
def test_likeness_is_asked_for_only_where_the_pick_hangs_on_it(rules: Rules, hangs: bool):
    assert hangs_on_likeness(SAYS, snapshot(), rules) is hangs
    assert not hangs_on_likeness(compared(None), snapshot(), rules), "it has been asked"
    assert not hangs_on_likeness(ONE, snapshot(), rules), "there is nothing to compare"


def test_need_asks_for_likeness_only_where_words_do_not_tell():
    unsure = replace(ONE, said=("add the thing to the other thing",))
    assert hangs_on_likeness(unsure, snapshot(), own(When(need="light")))
    assert not hangs_on_likeness(unsure, snapshot(), own(When(need="light", any_tools=False)))

import pytest

from edge.errors import BadRequest
from edge.routing.conditions import Picked
from edge.routing.features import features_of
from edge.routing.overrides import override
from edge.routing.rules import Route, Rules, Step, When
from edge.state import Snapshot
from tests.routing.asked import UP, asked

ENGINES = (("local", UP), ("cloud", UP))
MODELS = (("local", frozenset({"coder", "codriver/coder"})),)
BOX = Snapshot(ENGINES, MODELS)
RULES = Rules(
    ("cloud", "local"),
    own=(Route("mine", (Step("local"),), When(models=("gpt*",))),),
    scenarios=(Route("subagent", (Step("local", "coder"),)),),
)


def named(**kwargs) -> Picked | None:
    return override(features_of(asked(kwargs.pop("text", "hi"), **kwargs)), BOX, RULES)


def tag(value: str) -> str:
    return f"<CCR-SUBAGENT-MODEL>{value}</CCR-SUBAGENT-MODEL> go"


@pytest.mark.parametrize(
    ("model", "step"),
    [
        ("codriver/local", Step("local")),
        ("codriver/cloud", Step("cloud")),
        ("codriver/local:coder", Step("local", "coder")),
        ("codriver/cloud:a:b", Step("cloud", "a:b")),
        ("cloud,claude-x", Step("cloud", "claude-x")),
        ("cloud, claude-x", Step("cloud", "claude-x")),
        ("coder", Step("local")),
        ("Codriver/Coder", Step("local")),
    ],
)
def test_a_model_id_names_an_engine_and_nobody_stands_in(model: str, step: Step):
    picked = named(model=model)
    assert picked is not None
    assert picked.route.order == (step,)
    assert picked.route.only
    assert picked.why.startswith("the request names ")


@pytest.mark.parametrize("model", ["cloud", "codriver/moon", "moon,x", "cloud,", "a,b", "claude-x"])
def test_other_model_ids_name_nobody(model: str):
    assert named(model=model) is None


@pytest.mark.parametrize(
    ("value", "step"),
    [
        ("cloud,claude-x", Step("cloud", "claude-x")),
        ("cloud/claude-x", Step("cloud", "claude-x")),
        ("cloud:claude-x", Step("cloud", "claude-x")),
        ("cloud", Step("cloud")),
        ("provider,cloud/claude-x", Step("cloud", "claude-x")),
    ],
)
def test_a_tag_comes_first_and_the_requests_route_stands_in(value: str, step: Step):
    picked = named(text=tag(value))
    assert picked is not None
    assert picked.route.name == "subagent"
    assert picked.route.order == (step, Step("local", "coder"))
    assert not picked.route.only
    assert picked.why.startswith("the subagent's tag names ")


def test_a_tag_that_names_nobody_is_told_and_not_obeyed():
    picked = named(text=tag("moon,x"))
    assert picked is not None
    assert picked.route.order == (Step("local", "coder"),)
    assert picked.why == 'a subagent asks; the tag "moon,x" names no engine here'


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("mine", (Step("local"),)),
        ("default", (Step("cloud"), Step("local"))),
        ("local", (Step("local"),)),
        (" cloud:claude-x ", (Step("cloud", "claude-x"),)),
    ],
)
def test_a_header_names_a_route_or_an_engine(value: str, order: tuple[Step, ...]):
    picked = named(headers={"X-Codriver-Route": value})
    assert picked is not None
    assert picked.route.order == order


def test_a_header_that_names_nothing_is_a_mistake_that_says_what_there_is():
    with pytest.raises(BadRequest, match=r"there is mine, image, .*, default, local, cloud"):
        named(headers={"x-codriver-route": "moon"})


def test_the_model_id_is_nearer_than_the_tag_and_the_tag_than_the_header():
    header = {"x-codriver-route": "local"}
    picked = named(text=tag("cloud"), model="codriver/local", headers=header)
    assert picked is not None
    assert picked.route.order == (Step("local"),)
    picked = named(text=tag("cloud"), headers=header)
    assert picked is not None
    assert picked.route.order[0] == Step("cloud")

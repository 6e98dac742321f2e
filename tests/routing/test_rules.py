from edge.routing.rules import LONG_CONTEXT, Route, Rules, Step, When, step
from edge.units import Tokens


def test_steps_are_read_as_they_are_written():
    for text in ("cloud", "cloud:claude-x", "ollama:qwen3:8b"):
        assert str(step(text)) == text
    assert step("ollama:qwen3:8b") == Step("ollama", "qwen3:8b")


def test_routes_are_found_by_name():
    mine = Route("mine", (Step("local"),))
    rules = Rules(("cloud:x", "local"), own=(mine,))
    assert rules.find("mine") is mine
    assert rules.find("default") == Route("default", (Step("cloud", "x"), Step("local")))
    assert rules.find("yours") is None


def test_a_prompts_length_matters_only_where_a_route_depends_on_it():
    here = (Step("local"),)
    assert not Rules(own=(Route("mine", here),), scenarios=(Route("think", here),)).asks_length
    assert Rules(own=(Route("mine", here, When(max_tokens=Tokens(9))),)).asks_length
    assert Rules(own=(Route("mine", here, When(min_tokens=Tokens(0))),)).asks_length
    assert Rules(scenarios=(Route(LONG_CONTEXT, here),)).asks_length

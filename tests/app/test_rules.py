from pathlib import Path

from edge.app.rules import rules_of
from edge.config import load
from edge.routing.rules import LIKE_AT_LEAST, Route, Step, When


def test_the_defaults_are_this_box_alone():
    rules = rules_of(load(None))
    assert (rules.order, rules.own, rules.scenarios) == (("local",), (), ())
    assert rules.long_context == 60_000


def test_a_file_with_everything(tmp_path: Path):
    file = tmp_path / "codriver.toml"
    file.write_text(
        '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'
        '[upstreams.lab]\ndialect = "anthropic"\nurl = "http://192.168.1.9:8000"\n'
        '[routes.default]\norder = ["cloud", "local"]\nonly = true\n'
        '[routes.mine]\nwhen = { models = ["gpt*"], metered = true }\norder = ["lab:qwen"]\n'
        '[routes.think]\norder = ["local"]\n'
        '[routes.longContext]\nthreshold = 7\norder = ["cloud"]\n'
    )
    rules = rules_of(load(file))
    assert rules.default == Route("default", (Step("cloud"), Step("local")), only=True)
    mine = Route("mine", (Step("lab", "qwen"),), When(models=("gpt*",), metered=True))
    assert rules.own == (mine,)
    assert [route.name for route in rules.scenarios] == ["longContext", "think"]
    assert rules.long_context == 7


def test_the_table_of_needs_is_there_where_a_route_asks(tmp_path: Path):
    file = tmp_path / "codriver.toml"
    file.write_text(
        '[routes.a]\nwhen = { like = ["hello"], likeness = 0.7 }\norder = ["local"]\n'
        '[routes.b]\nwhen = { like = ["hello"] }\norder = ["local"]\n'
    )
    rules = rules_of(load(file))
    assert [route.when.likeness for route in rules.own] == [0.7, LIKE_AT_LEAST]
    assert rules.table is None
    file.write_text('[routes.a]\nwhen = { need = "light" }\norder = ["local"]\n')
    rules = rules_of(load(file))
    assert rules.own[0].when.need == "light"
    assert rules.table is not None

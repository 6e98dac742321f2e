"""The routes of the configuration file as a person writes them."""

import re
from pathlib import Path

import pytest

from edge.config import Config, format_effective, load
from edge.config.load import DEFAULTS
from edge.errors import ConfigError

CLOUD = '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def loaded(file: Path, text: str) -> Config:
    file.write_text(CLOUD + text)
    return load(file)


def complaint(file: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(file, text)
    return str(caught.value).removeprefix(f"{file}: ")


def test_every_scenario_and_ones_own_routes_in_their_order(file: Path):
    config = loaded(
        file,
        '[routes.think]\norder = ["cloud:claude-opus-5-5", "cloud", "local"]\n'
        '[routes.longContext]\nthreshold = 9\norder = ["local"]\n'
        '[routes.zebra]\nwhen = { min_tokens = 1 }\norder = ["local"]\n'
        '[routes.ant]\nwhen = { headers = { x-app = "cli*" } }\norder = ["local"]\nonly = true\n',
    )
    assert list(config.routes) == ["default", "think", "longContext", "zebra", "ant"]
    assert config.routes["think"].order == ("cloud:claude-opus-5-5", "cloud", "local")
    assert config.routes["longContext"].threshold == 9
    ant = config.routes["ant"]
    assert ant.when is not None
    assert (dict(ant.when.headers), ant.only) == ({"x-app": "cli*"}, True)


def test_the_commented_examples_are_valid_and_print_as_they_load(file: Path):
    text = DEFAULTS.read_text()
    blocks = re.findall(r"^# \[routes\.(?:.+)\]\n(?:# .*\n)+", text, re.MULTILINE)
    example = "".join(re.sub(r"^# ", "", block, flags=re.MULTILINE) for block in blocks)
    config = loaded(file, example)
    assert {"longContext", "background", "roads"} <= set(config.routes)
    when = config.routes["roads"].when
    assert when is not None
    assert when.silent_for == {"cloud": 300.0}
    assert (when.like, when.likeness, when.need) == (("explain this function",), 0.5, "light")
    file.write_text(format_effective(config))
    assert load(file) == config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[routes.think]\norder = []\n", "routes.think.order: it is empty; name at least one"),
        ("[routes.think]\n", "routes.think.order: this key is missing"),
        ("[routes.think]\nodrer = []\n", "unknown key; did you mean routes.think.order?"),
        (
            '[routes.thnk]\norder = ["local"]\n',
            "routes.thnk: a route of your own says when = { ... } it is taken; "
            "did you mean routes.think?",
        ),
        ('[routes.x]\nwhen = {}\norder = ["local"]\n', "it is taken; scenarios: default, backgr"),
        (
            '[routes.think]\nwhen = { min_tokens = 1 }\norder = ["local"]\n',
            "routes.think.when: think is a scenario and needs no condition",
        ),
        (
            '[routes.think]\nthreshold = 1\norder = ["local"]\n',
            "routes.think.threshold: only routes.longContext has one",
        ),
        ('[routes.think]\norder = ["local", "local"]\n', "an engine stands in it twice"),
        ('[routes.think]\norder = ["loca"]\n', 'no engine is called "loca"; did you mean "local"?'),
        ('[routes.think]\norder = ["cloud:"]\n', '"cloud:" wants the name of a model'),
        ('[routes."a b"]\norder = ["local"]\n', "a route is named in letters"),
        (
            '[routes.x]\nwhen = { min_tokns = 1 }\norder = ["local"]\n',
            "routes.x.when.min_tokns: unknown key; did you mean routes.x.when.min_tokens?",
        ),
        (
            '[routes.x]\nwhen = { link = ["bad"] }\norder = ["local"]\n',
            'routes.x.when.link: expected "online", "weak" or "offline", got "bad"',
        ),
        (
            '[routes.x]\nwhen = { silent_for = { moon = 1 } }\norder = ["local"]\n',
            'routes.x.when.silent_for: no engine is called "moon"',
        ),
        (
            '[routes.x]\nwhen = { headers = { "a b" = "x" } }\norder = ["local"]\n',
            "routes.x.when.headers: no header has such a name",
        ),
        (
            '[routes.x]\nwhen = { min_tokens = 2, max_tokens = 1 }\norder = ["local"]\n',
            "so that it never holds",
        ),
        (
            '[routes.x]\nwhen = { like = ["a", " "] }\norder = ["local"]\n',
            "routes.x.when.like: a sentence in it is empty",
        ),
        (
            '[routes.x]\nwhen = { likeness = 0.5, any_tools = true }\norder = ["local"]\n',
            "routes.x.when.likeness: it says how like the sentences of like, which are missing",
        ),
        (
            '[routes.x]\nwhen = { like = ["a"], likeness = 5 }\norder = ["local"]\n',
            "routes.x.when.likeness: expected a number from 0 to 1, got 5",
        ),
        (
            '[routes.x]\nwhen = { need = "easy" }\norder = ["local"]\n',
            'routes.x.when.need: expected "light" or "heavy", got "easy"',
        ),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, expected: str):
    assert expected in complaint(file, text)


def test_an_engine_may_stand_in_a_route_with_several_models(file: Path):
    config = loaded(file, '[routes.default]\norder = ["cloud:a", "cloud:b", "cloud"]\n')
    assert config.routes["default"].order == ("cloud:a", "cloud:b", "cloud")

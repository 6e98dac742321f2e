from pathlib import Path

import pytest

from edge.config import load
from edge.config.ccr import as_toml, convert

WHOLE = {
    "Providers": [
        {
            "name": "big \U0001f680",
            "api_base_url": "https://big.example/v1/messages",
            "api_key": "sk-secret-1",
            "models": ['odd "model"\n', "b:1"],
        },
        {
            "name": "mid",
            "api_base_url": "https://mid.example/chat/completions",
            "api_key": "$MID_KEY",
            "models": ["m"],
        },
        {"name": "own", "api_base_url": "http://10.0.0.1/v1/messages", "models": ["o"]},
    ],
    "Router": {
        "default": 'big \U0001f680,odd "model"',
        "longContext": "mid,m",
        "longContextThreshold": 5,
        "rules": [
            {
                "name": "mine",
                "condition": {"left": "request.header.x-a", "operator": "==", "right": 'q"\\'},
                "rewrites": [{"key": "request.body.model", "operation": "set", "value": "own/o"}],
            }
        ],
    },
    "CUSTOM_ROUTER_PATH": "/a\n[server]",
}


@pytest.mark.parametrize("keys", [{}, {"big": "big.key"}])
def test_it_loads_and_holds_no_key(tmp_path: Path, keys):
    text = as_toml(convert(WHOLE), keys)
    assert "secret" not in text
    file = tmp_path / "codriver.toml"
    file.write_text(text)
    config = load(file)
    assert list(config.upstreams) == ["big", "mid", "own"]
    assert config.routes["default"].order == ('big:odd "model"', "local")
    assert config.routes["longContext"].threshold == 5
    when = config.routes["mine"].when
    assert when is not None
    assert dict(when.headers) == {"x-a": 'q"\\'}
    assert config.upstreams["own"].credential == "pass"
    assert config.upstreams["mid"].credential == "none"


def test_hints_and_what_was_left_out_are_comments():
    text = as_toml(convert(WHOLE), {})
    assert "# - CUSTOM_ROUTER_PATH: the custom router is a script" in text
    assert "environment variable MID_KEY" in text
    assert '# credential = { file = "big.key" }' in text
    assert "\n[server]" not in text

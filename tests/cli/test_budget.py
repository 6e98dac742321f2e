import json
from pathlib import Path

import pytest

from edge.app.budget import ledger_of
from edge.chat import Usage
from edge.config import load
from edge.routing.spending import FILE
from edge.units import Tokens
from tests.cli.command import Run

CONFIG = """
[upstreams.cloud]
dialect = "anthropic"
url = "https://api.anthropic.com"
[budget.cloud]
dollars_a_day = 5
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "codriver.toml"
    file.write_text(CONFIG)
    return file


def test_nothing_was_spent_yet(codriver: Run, config: Path):
    said = codriver("budget", "--config", config)
    assert (said.code, said.err) == (0, "")
    assert "cloud     $0.00, 0 tokens  $5.00 of $5.00  $0.00, 0 tokens\n" in said.out


def test_what_the_daemon_has_written_is_told(codriver: Run, config: Path, tmp_path: Path):
    ledger = ledger_of(load(config))
    ledger.record("cloud", "claude-opus-5-5", Usage(output=Tokens(50_000)))
    folder = tmp_path / "state" / "codriver"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(ledger.as_bytes())
    told = json.loads(codriver("budget", "--config", config, "--json").out)
    assert told["cloud"]["today"]["dollars"] == 1.0
    assert told["cloud"]["left_today"]["dollars"] == 4.0
    (folder / FILE).write_bytes(b"")
    said = codriver("budget", "--config", config)
    assert said.code == 1
    assert "cannot be read" in said.err

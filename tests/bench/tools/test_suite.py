"""The suite itself: its cases are sound, and it measures a scripted server rightly."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import jsonschema_rs
import pytest

from tests.bench.agent.scripted import Script, call, serving, text
from tests.bench.tools.case import MAX_OFFERED, Case
from tests.bench.tools.schemas import API, CLAUDE_CODE, TOOLS, Tool
from tests.bench.tools.suite import CASES, arguments, body, in_order, main


def test_cases_are_enough_and_of_every_kind() -> None:
    names = [case.name for case in CASES]
    groups = Counter(case.group for case in CASES)
    assert len(CASES) >= 72
    assert len(set(names)) == len(names)
    assert min(groups[group] for group in ("single", "multi", "none")) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_offers_what_would_be_right(case: Case) -> None:
    assert set(case.offered) <= set(TOOLS)
    assert case.right <= set(case.offered)
    assert len(case.offered) == 1 or 3 <= len(case.offered) <= MAX_OFFERED


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool["name"])
def test_a_schema_is_a_schema(tool: Tool) -> None:
    jsonschema_rs.meta.validate(tool["input_schema"])
    assert not jsonschema_rs.is_valid(tool["input_schema"], [])


def test_every_tool_is_alone_on_offer_once() -> None:
    alone = {case.offered[0] for case in CASES if case.group == "single"}
    assert alone == {tool["name"] for tool in (*CLAUDE_CODE, *API)}


def test_cases_with_the_same_tools_follow_one_another() -> None:
    offers = [case.offered for case in in_order(CASES)]
    changes = sum(a != b for a, b in pairwise(offers))
    assert changes == len(set(offers)) - 1


def test_the_request_is_streamed_and_greedy() -> None:
    request = body(CASES[0], 250)
    assert (request["stream"], request["temperature"], request["max_tokens"]) == (True, 0, 250)
    assert request["tools"][0]["input_schema"] == TOOLS["Bash"]["input_schema"]


def test_a_sound_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Script([[text("ok"), call("Bash", {"command": "ls"})]])) as url:
        argv = ["--url", url, "--only", "cc-ls", "cc-bare-ls", "cc-no-hello"]
        assert main([*argv, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "validate 100.0 % (3/3)" in printed
    assert "right tool                  100.0 % (2/2)" in printed
    assert "unwanted calls              100.0 % (1/1)" in printed
    assert len((tmp_path / "server.jsonl").read_text().splitlines()) == 3


def test_an_invalid_call_fails_the_suite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Script([[call("Bash", {"cmd": "ls"})]])) as url:
        assert main(["--url", url, "--only", "cc-ls", "--out", str(tmp_path)]) == 1
    assert "INVALID cc-ls: Bash:" in capsys.readouterr().out


def test_a_dead_server_fails_the_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Script([[text("")]])) as url:
        pass
    assert main(["--url", url, "--only", "cc-ls", "--out", str(tmp_path)]) == 1
    assert "ERROR cc-ls: URLError" in capsys.readouterr().out


def test_a_model_or_an_address_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments([])
    assert "--url of a server that runs is wanted" in capsys.readouterr().err

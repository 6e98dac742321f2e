"""The runner with the real client: a scripted server plays the model at tasks of the dev set."""

import json
from pathlib import Path

import pytest

from tests.bench.agent.client import PINNED, ensure_client
from tests.bench.agent.runner import Table, arguments, main, play
from tests.bench.agent.scripted import Script, call, serving, text
from tests.bench.agent.tasks_dev import TASKS

CLIENTS = Path(__file__).parents[3] / ".clients"
HELLO = next(task for task in TASKS if task.name == "hello-program")
FIX = call("Bash", {"command": "echo 'print(\"Hello, road!\")' > hello.py", "description": "x"})


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Table:
    return Table(ensure_client(PINNED, CLIENTS), tmp_path_factory.mktemp("bench"), {})


def test_the_real_client_solves_a_task_when_the_server_does(rules: Table) -> None:
    script = Script([[text("I write it."), FIX], [text("hello.py is there.")]])
    with serving(script) as url:
        outcome = play(HELLO, "scripted", url, rules)
    assert outcome.passed
    assert (outcome.end, outcome.turns) == ("finished", 2)
    lines = (rules.out / "scripted" / "hello-program.jsonl").read_text().splitlines()
    record, *exchanges = map(json.loads, lines)
    assert record["files"] == {"hello.py": 'print("Hello, road!")\n'}
    asked = [exchange for exchange in exchanges if exchange["path"].startswith("/v1/messages")]
    assert len(asked) == 2
    assert asked[1]["request"]["messages"][-1]["content"][0]["type"] == "tool_result"
    assert "message_stop" in asked[1]["response"]


def test_a_call_passed_on_as_text_fails_the_task(rules: Table) -> None:
    with serving(Script([[text('```json\n{"name": "Bash"}\n```')]])) as url:
        outcome = play(HELLO, "texting", url, rules)
    assert not outcome.done
    assert (outcome.end, outcome.turns) == ("finished", 1)


def test_a_loop_ends_at_the_turn_limit(rules: Table) -> None:
    with serving(Script([[FIX]])) as url:
        outcome = play(HELLO, "looping", url, rules)
    assert outcome.done
    assert outcome.end == "max-turns"
    assert not outcome.passed


def test_the_whole_command(
    rules: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", "dev", "--only", "hello-program", "--client", str(rules.client)]
    with serving(Script([[FIX], [text("Done.")]])) as url:
        assert main([*words, "--url", url, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "hello-program" in printed
    assert "server = 1 (of 1)" in printed
    assert (tmp_path / "report.txt").is_file()


def test_a_model_or_an_address_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--set", "dev"])
    assert "--model FILE.gguf is wanted" in capsys.readouterr().err

"""No recording holds the client's prose."""

import json
from pathlib import Path

import pytest

from tests.recordings.reduce import main, reduced, reduced_text

TESTS = Path(__file__).parents[1]
FILES = [
    path
    for folder in ("recordings", "safeguards/recordings", "toolcalls/recordings")
    for path in sorted((TESTS / folder).glob("*.json"))
]
PROSE = "This is a long sentence that says nothing about any place, day or session at all. "


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_every_recording_is_reduced(path: Path):
    text = path.read_text("utf-8")
    assert reduced_text(text) == text


def test_a_request_without_a_body_stays():
    probe = {"method": "HEAD", "path": "/", "headers": [["User-Agent", "x" * 100]], "body": None}
    assert reduced(probe) == probe


def test_the_command_rewrites_files_in_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tool = {"name": "T", "input_schema": {"type": "object", "description": PROSE}}
    body = {"messages": [{"role": "user", "content": PROSE}], "tools": [tool]}
    request, tools = tmp_path / "request.json", tmp_path / "tools.json"
    request.write_text(json.dumps({"method": "POST", "headers": [], "body": body}), "utf-8")
    tools.write_text(json.dumps([tool]), "utf-8")
    assert main([str(request), str(tools)]) == 0
    made = json.loads(request.read_text("utf-8"))
    assert made["method"] == "POST"
    assert made["body"]["tools"] == json.loads(tools.read_text("utf-8"))
    assert "sentence" not in request.read_text("utf-8") + tools.read_text("utf-8")
    assert capsys.readouterr().out.startswith("request.json ")

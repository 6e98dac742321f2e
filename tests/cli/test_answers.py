"""Jobs and answers as people read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.cli.answers import answer_text, format_job, format_jobs, plain, save
from edge.errors import BadRequest

JOB: dict[str, Any] = {
    "id": "abcd2345",
    "state": "done",
    "reason": "cloud is first in the route's order",
    "dialect": "anthropic",
    "model": "m",
    "title": "why?",
    "here": False,
    "tries": 1,
    "engine": "cloud",
    "batch": None,
    "custom_id": None,
    "created_at": "2027-01-15T08:00:00Z",
    "expires_at": "2027-01-16T08:00:00Z",
    "ended_at": "2027-01-15T09:00:00Z",
    "answer": {
        "content": [{"type": "thinking", "thinking": "..."}, {"type": "text", "text": "so"}]
    },
}


def test_an_answer_is_its_text():
    assert answer_text(JOB) == "so"
    said = {"choices": [{"message": {"content": "so\x1b[2J"}}]}
    assert answer_text({**JOB, "dialect": "openai", "answer": said}) == "so[2J"


@pytest.mark.parametrize("answer", [{"content": []}, {}, {"content": [{"type": "tool_use"}]}])
def test_an_answer_without_text_is_shown_as_it_is(answer: dict[str, Any]):
    assert answer_text({**JOB, "answer": answer}).startswith("{")


def test_what_is_queued_is_a_table():
    waiting = {**JOB, "id": "b", "state": "queued", "title": "a\x07b"}
    told = format_jobs({"jobs": [JOB, waiting], "waiting_for": "the link is offline (a tunnel)"})
    lines = told.splitlines()
    assert lines[0] == "waiting: the link is offline (a tunnel)"
    assert lines[1].split() == ["ID", "STATE", "ADDED", "PROMPT"]
    assert lines[2].startswith("abcd2345  done    ")
    assert lines[3].endswith("ab")
    assert "waiting" not in format_jobs({"jobs": [JOB], "waiting_for": "the link"})
    assert format_jobs({"jobs": [], "waiting_for": None}) == "Nothing is queued."


def test_a_job_and_its_answer():
    told = format_job(JOB)
    assert "state    done: cloud is first in the route's order\n" in told
    assert told.endswith("\n\nso")
    assert "expires" not in told
    waiting = {**JOB, "state": "queued", "ended_at": None, "answer": None, "waiting_for": "a link"}
    assert "waiting  a link\n" in format_job(waiting)
    assert "expires" in format_job(waiting)


def test_each_answer_is_saved_once(tmp_path: Path):
    folder = tmp_path / "deep" / "er"
    assert save(JOB, folder) == folder / "abcd2345.md"
    assert (folder / "abcd2345.md").read_text() == "so\n"
    (folder / "abcd2345.md").write_text("with my notes")
    assert save(JOB, folder) is None
    failed = {**JOB, "id": "x", "state": "failed", "reason": "no such model", "answer": None}
    assert save(failed, folder) == folder / "x.failed.txt"
    assert (folder / "x.failed.txt").read_text() == "failed: no such model\n"


def test_a_folder_that_is_none(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadRequest, match="file"):
        save(JOB, tmp_path / "file")


def test_no_terminal_is_told_what_to_do():
    assert plain("a\x1b[31m\r\n\tb\u202e") == "a[31m\n\tb"

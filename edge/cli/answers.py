"""Jobs of the queue and their answers, for a terminal and for files.

Knows the box's JSON of a job; what another server has said is shown without what a terminal
would obey. For ``codriver queue``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.disk import replace_file
from edge.errors import BadRequest

Job = Mapping[str, Any]


def plain(text: str) -> str:
    """Without control characters; lines and tabs stay."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")


def answer_text(job: Job) -> str:
    """What the answer says, in words; an answer without any is shown as it is."""
    answer = job.get("answer") or {}
    if job["dialect"] == "openai":
        choices = answer.get("choices") or [{}]
        text = (choices[0].get("message") or {}).get("content")
    else:
        blocks = answer.get("content") or []
        text = "\n".join(block["text"] for block in blocks if block.get("type") == "text")
    return plain(text) if text else json.dumps(answer, indent=2)


def format_jobs(listed: Mapping[str, Any]) -> str:
    """A table, one line a job, and in front what they wait for."""
    jobs = listed["jobs"]
    if not jobs:
        return "Nothing is queued."
    rows = [("ID", "STATE", "ADDED", "PROMPT"), *(_row(job) for job in jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    wait = listed.get("waiting_for")
    waits = any(job["state"] == "queued" and not job["here"] for job in jobs)
    return plain("\n".join([*([f"waiting: {wait}"] if wait and waits else []), *lines]))


def format_job(job: Job) -> str:
    """A few lines about it, then its answer."""
    rows = [
        ("job", job["id"]),
        ("state", f"{job['state']}: {job['reason']}"),
        ("waiting", (job.get("waiting_for") or "") if job["state"] == "queued" else ""),
        ("prompt", job["title"]),
        ("model", job["model"]),
        ("engine", job["engine"] or ""),
        ("batch", f"{job['batch']} {job['custom_id']}" if job["batch"] else ""),
        ("added", _when(job["created_at"])),
        ("ended", _when(job["ended_at"])),
        ("expires", _when(job["expires_at"]) if job["ended_at"] is None else ""),
        ("tries", str(job["tries"])),
    ]
    told = [f"{name:8} {text}" for name, text in rows if text]
    answer = ["", answer_text(job)] if job.get("answer") else []
    return plain("\n".join([*told, *answer]))


def save(job: Job, folder: Path) -> Path | None:
    """The answer, or why there is none, in a file there; None if it is there already. Raises
    BadRequest where the folder cannot be written to."""
    is_done = job["state"] == "done"
    file = folder / f"{job['id']}.{'md' if is_done else 'failed.txt'}"
    text = answer_text(job) if is_done else plain(f"{job['state']}: {job['reason']}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.exists():
            return None
        replace_file(file, f"{text}\n".encode())
    except OSError as error:
        raise BadRequest(f"{file}: {error.strerror}") from None
    return file


def _row(job: Job) -> tuple[str, ...]:
    return (job["id"], job["state"], _when(job["created_at"]), job["title"])


def _when(text: str | None) -> str:
    """A time of the box on this machine's clock."""
    return "" if text is None else f"{datetime.fromisoformat(text).astimezone():%d %b %H:%M}"

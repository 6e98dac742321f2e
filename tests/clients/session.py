"""One headless run of the real client against a box, and everything that went over the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.agent.headless import Run, command, environment, run
from tests.bench.agent.recorder import Exchange, Recorder, recording
from tests.clients.box import Box

EVERYDAY_SECONDS = 120.0
MAX_TURNS = 4


@dataclass(frozen=True, slots=True)
class Session:
    """What the client did; ``exchanges`` are in the order in which they ended."""

    run: Run
    exchanges: list[Exchange]

    @property
    def result(self) -> dict[str, Any]:
        """What the client printed at its end."""
        assert not self.run.timed_out, self.run.stdout + self.run.stderr
        assert self.run.stdout, self.run.stderr
        return dict(json.loads(self.run.stdout.splitlines()[-1]))

    @property
    def asked(self) -> list[Exchange]:
        """The requests to the model."""
        return [each for each in self.exchanges if each.path.startswith("/v1/messages?")]

    @property
    def turns(self) -> list[Exchange]:
        """Those of the conversation itself: side requests offer no tools."""
        return [each for each in self.asked if each.request.get("tools")]


def converse(
    box: Box,
    client: Path,
    place: Path,
    prompt: str,
    *options: str,
    bare: bool = True,
    permission_mode: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = EVERYDAY_SECONDS,
) -> Session:
    """Run ``client`` once in ``place``; its home and project stay there for a next run."""
    home, project = place / "home", place / "project"
    for directory in (home, project):
        directory.mkdir(parents=True, exist_ok=True)
    argv = command(client, prompt, MAX_TURNS, bare=bare, permission_mode=permission_mode)
    recorder = Recorder(box.url)
    with recording(recorder) as url:
        done = run(
            [*argv, *options],
            env={**environment(url, home), **(env or {})},
            cwd=project,
            timeout_s=timeout_s,
        )
    return Session(done, recorder.exchanges)

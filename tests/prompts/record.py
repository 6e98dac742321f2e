"""Records what real clients send from two projects, reduced: ``python -m tests.prompts.record``.

Fetches the clients where they are missing. Paths, session ids and the kernel's version
become fixed ones; which fragments differ between two recordings is left as it was.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.agent.client import PINNED, ensure_client
from tests.prompts.reduction import reduce_body
from tests.prompts.situations import (
    ASK,
    CHANGE,
    HARBOUR,
    LOOK,
    ORCHARD,
    READ,
    Body,
    Heard,
    Project,
    hear,
)

FOLDER = Path(__file__).parent / "recordings"
CLIENTS = Path(__file__).parents[2] / ".clients"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEVICE = re.compile(r"\b[0-9a-f]{64}\b")


def recordings(client: Path, project: Project) -> Iterator[tuple[str, Body]]:
    """Name and body of each situation in ``project``."""
    task = f"Look at the {project.name} and tell me what it does."
    session = hear(client, project, [task], [READ, CHANGE, LOOK], countdown=True)
    yield "first", _fixed(session, 0, project)
    yield "later", _fixed(session, -1, project)
    yield "bare", _fixed(hear(client, project, [task], bare=True), 0, project)
    asked = hear(client, project, [task], [ASK])
    agent = min(range(len(asked.bodies)), key=lambda at: len(asked.bodies[at]["tools"]))
    yield "agent", _fixed(asked, agent, project)
    if project.git:
        beside = hear(client, project, [task], (), "--worktree", "side", "--add-dir", "..")
        yield "side", _fixed(beside, 0, project)


def _fixed(heard: Heard, at: int, project: Project) -> Body:
    """One reduced body with the names that are the same at every recording."""
    number = 1 if project is HARBOUR else 2
    text = json.dumps(heard.bodies[at], ensure_ascii=False)
    for found in (str(heard.root), re.sub(r"[^A-Za-z0-9]", "-", str(heard.root))):
        text = text.replace(found, "/home" if "/" in found else "-home")
    text = text.replace(platform.release(), "6.12.0")
    text = _UUID.sub(f"00000000-0000-4000-8000-{number:012d}", text)
    body: Body = json.loads(_DEVICE.sub(str(number) * 64, text))
    return reduce_body(body)


def main(argv: list[str]) -> int:
    """Write every recording of each version named; the pinned and the newest by default."""
    parser = argparse.ArgumentParser(description="Record reduced request bodies.")
    parser.add_argument("versions", nargs="*", default=[PINNED, "latest"])
    for version in parser.parse_args(argv).versions:
        client = ensure_client(version, CLIENTS)
        for project in (HARBOUR, ORCHARD):
            for name, body in recordings(client, project):
                path = FOLDER / f"{client.parent.name}-{project.name}-{name}.json"
                path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")
                print(path.name, path.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

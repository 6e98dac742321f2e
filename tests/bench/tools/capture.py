"""Records the real client's own tools into claude_code_tools.json, against a scripted server.

    python -m tests.bench.tools.capture [--client latest]

Bash, Edit and Read as the bare client offers them, the rest as it offers them by name.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.agent import headless
from tests.bench.agent.client import ensure_client
from tests.bench.agent.scripted import Script, serving, text

RECORDING = Path(__file__).with_name("claude_code_tools.json")
NAMED = ("Write", "Grep", "Glob", "NotebookEdit", "WebFetch", "WebSearch")


def offered(client: Path, options: Sequence[str]) -> list[dict[str, Any]]:
    """The tools of the first model request that the client makes."""
    script = Script([[text("Hello.")]])
    with serving(script) as url, tempfile.TemporaryDirectory() as name:
        headless.run(
            [str(client), "--print", "Hello", *options],
            env=headless.environment(url, Path(name)),
            cwd=Path(name),
            timeout_s=60,
        )
    fields = ("name", "description", "input_schema")
    return [{field: tool[field] for field in fields} for tool in script.requests[0]["tools"]]


def main(argv: list[str]) -> int:
    """Write the recording."""
    parser = argparse.ArgumentParser(description="Record the client's tools.")
    parser.add_argument("--client", default="latest")
    client = ensure_client(parser.parse_args(argv).client, Path(".clients").resolve())
    tools = offered(client, ["--bare"])
    named = {tool["name"]: tool for tool in offered(client, ["--tools", ",".join(NAMED)])}
    tools += [named[name] for name in NAMED]
    RECORDING.write_text(json.dumps(tools, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(tools)} tools of {client.parent.name} in {RECORDING.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Takes the client's prose out of recordings: ``python -m tests.recordings.reduce FILE ...``.

Rewrites each file in place. A file is one request, or a list of tools. Knows neither who
recorded it nor what is tested with it. Run by whoever has recorded one; ``test_reduce``
holds every recording to it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.prompts.reduction import reduce_body, reduce_tool


def reduced(recording: Any) -> Any:
    """The recording with stand-ins for its prose."""
    if isinstance(recording, list):
        return [reduce_tool(tool, schema=True) for tool in recording]
    body = recording["body"]
    return recording if body is None else {**recording, "body": reduce_body(body, schemas=True)}


def reduced_text(text: str) -> str:
    """The file's text with stand-ins for its prose."""
    return json.dumps(reduced(json.loads(text)), ensure_ascii=False, indent=1) + "\n"


def main(argv: list[str]) -> int:
    """Reduce every file named and tell its size."""
    parser = argparse.ArgumentParser(description="Reduce recorded requests.")
    parser.add_argument("files", nargs="+", type=Path)
    for path in parser.parse_args(argv).files:
        path.write_text(reduced_text(path.read_text("utf-8")), "utf-8")
        print(path.name, path.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

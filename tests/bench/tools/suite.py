"""The tool-call suite: single-turn prompts over real and API-like tools, every call validated.

From the root of the checkout, against a server that runs or one started for each model:

    python -m tests.bench.tools.suite --url http://127.0.0.1:4141
    python -m tests.bench.tools.suite --model FILE.gguf [--model FILE.gguf] [--engine codriver]

Exit code 1 if any emitted tool_use block is invalid or any answer is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.bench.agent import servers
from tests.bench.tools import cases_api, cases_claude_code
from tests.bench.tools.answer import Answer, fault, read_answer, read_events
from tests.bench.tools.case import Case
from tests.bench.tools.schemas import TOOLS
from tests.bench.tools.score import Result, report, sound

CASES: tuple[Case, ...] = (*cases_claude_code.CASES, *cases_api.CASES)
CLIENTS = Path(".clients")


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Cases with the same tools on offer follow one another, so that prompts share a prefix."""
    return sorted(cases, key=lambda case: case.offered)


def body(case: Case, max_tokens: int) -> dict[str, Any]:
    """The request for one case: streamed, greedy, the tools as they are."""
    request: dict[str, Any] = {
        "model": "claude-suite",
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
        "tools": [TOOLS[name] for name in case.offered],
        "messages": [{"role": "user", "content": case.prompt}],
    }
    return request | ({"system": case.system} if case.system else {})


def ask(url: str, case: Case, *, max_tokens: int, timeout_s: float) -> Result:
    """Put one case to the server; whatever goes wrong is the answer's error."""
    started = monotonic()
    request = Request(
        f"{url}/v1/messages",
        json.dumps(body(case, max_tokens)).encode(),
        {
            "content-type": "application/json",
            "anthropic-version": "2023-06-01",
            "authorization": "Bearer local",
        },
    )
    try:
        with urlopen(request, timeout=timeout_s) as response:
            answer = read_answer(read_events(response))
    except HTTPError as error:
        with error:
            said = error.read().decode("utf-8", "replace")[:300]
        answer = Answer(error=f"HTTP {error.code}: {said}")
    except (OSError, HTTPException, ValueError, KeyError) as error:
        answer = Answer(error=f"{type(error).__name__}: {error}")
    return Result(case, answer, _faults(case, answer), monotonic() - started)


def _faults(case: Case, answer: Answer) -> tuple[str, ...]:
    schemas = {name: TOOLS[name]["input_schema"] for name in case.offered}
    return tuple(found for call in answer.calls if (found := fault(call, schemas)))


def run(url: str, cases: Sequence[Case], *, max_tokens: int, timeout_s: float) -> Iterator[Result]:
    """Every case in turn, with a printed line each."""
    for case in in_order(cases):
        result = ask(url, case, max_tokens=max_tokens, timeout_s=timeout_s)
        calls = ", ".join(call.name for call in result.answer.calls) or "-"
        note = result.answer.error or "; ".join(result.faults)
        print(
            f"{case.name:26} {case.group:7} {calls:24} {result.seconds:6.1f} s {note}", flush=True
        )
        yield result


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="The tool-call suite.")
    add = parser.add_argument
    add("--url", help="a server that runs")
    add("--model", type=Path, action="append", default=[], help="a GGUF file; may be repeated")
    add("--engine", choices=("codriver", "peer"), default="codriver", help="what serves --model")
    add("--context", type=int, default=16384)
    add("--threads", type=int, default=os.cpu_count() or 1, help="the peer's threads")
    add("--max-tokens", type=int, default=1024)
    add("--timeout", type=float, default=600.0, help="seconds for one answer")
    add("--only", nargs="*", default=[], help="names of cases")
    add("--out", type=Path, default=None, help="default: .bench/tools/<time>")
    options = parser.parse_args(argv)
    if not options.url and not options.model:
        parser.error("--url of a server that runs is wanted, or --model FILE.gguf")
    return options


def targets(
    options: argparse.Namespace, out: Path
) -> Iterator[tuple[str, AbstractContextManager[str]]]:
    """What to measure: a name, and a block that gives its base URL."""
    if options.url:
        yield "server", nullcontext(options.url.rstrip("/"))
    for model in options.model:
        launch = _launch(model.resolve(), options)
        yield model.stem, servers.running(launch, out / f"{model.stem}.log")


def _launch(model: Path, options: argparse.Namespace) -> servers.Launch:
    if options.engine == "codriver":
        return servers.codriver(model, options.context)
    python = servers.ensure_peer_python(CLIENTS.resolve())
    return servers.peer(python, model, options.context, options.threads, "temperature=0")


def keep(results: Sequence[Result], path: Path) -> None:
    """Write every answer, one JSON line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        {
            "case": result.case.name,
            "prompt": result.case.prompt,
            "answer": asdict(result.answer),
            "faults": result.faults,
            "seconds": result.seconds,
        }
        for result in results
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def main(argv: list[str]) -> int:
    """Run the suite over every target; 0 if all that was emitted is valid."""
    options = arguments(argv)
    out = options.out or Path(".bench", "tools", datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    cases = [case for case in CASES if not options.only or case.name in options.only]
    reports: list[str] = []
    all_sound = True
    for name, server in targets(options, out):
        with server as url:
            results = list(
                run(url, cases, max_tokens=options.max_tokens, timeout_s=options.timeout)
            )
        keep(results, out / f"{name}.jsonl")
        reports.append(report(name, results))
        all_sound = all_sound and sound(results)
    print("\n" + "\n\n".join(reports) + f"\nanswers: {out}")
    return 0 if all_sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

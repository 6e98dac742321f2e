"""Plays a set of everyday tasks with the real client against codriver and the peer.

One task at a time, one server at a time. From the root of the checkout:

    python -m tests.bench.agent.runner --set dev --model FILE.gguf [--engines codriver,peer]

The held-out set prints totals and no task names. Transcripts go to --out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.agent import headless, servers
from tests.bench.agent.client import ensure_client
from tests.bench.agent.outcome import ClientResult, Outcome, line, parse_result, ratio, table
from tests.bench.agent.peer import settings
from tests.bench.agent.recorder import Exchange, Recorder, recording
from tests.bench.agent.task import Task, lay_out
from tests.bench.agent.tasks_dev import TASKS as DEV
from tests.bench.agent.tasks_heldout import TASKS as HELDOUT

SETS: Mapping[str, tuple[Task, ...]] = {"dev": DEV, "heldout": HELDOUT}
CLIENTS = Path(".clients")
# What codriver chooses for Qwen2.5-Coder as an agent where the request leaves it open
# (prompts/sampling.py, prompts/coaching/coach.py): both sides of the comparison sample alike.
PEER_SAMPLING = "temperature=0.2,top_p=0.8,top_k=20,repeat_penalty=1.0"
_KEPT_FILE_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Table:
    """How to play: the client, what to set in requests, how patient to be, where to write."""

    client: Path
    out: Path
    sampling: Mapping[str, float]
    patience: float = 1.0


def play(task: Task, engine: str, base_url: str, rules: Table) -> Outcome:
    """One task, once, in a fresh directory; writes its transcript."""
    recorder = Recorder(base_url, rules.sampling)
    with tempfile.TemporaryDirectory(prefix="task-", ignore_cleanup_errors=True) as name:
        home, project = Path(name, "home"), Path(name, "project")
        home.mkdir()
        project.mkdir()
        lay_out(task.files, project)
        with recording(recorder) as relay:
            run = headless.run(
                headless.command(rules.client, task.prompt, task.max_turns),
                env=headless.environment(relay, home),
                cwd=project,
                timeout_s=task.timeout_s * rules.patience,
            )
        result = ClientResult("timeout") if run.timed_out else parse_result(run.stdout)
        outcome = Outcome(
            engine=engine,
            task=task.name,
            category=task.category,
            end=result.end,
            done=task.passed(project, result.answer),
            turns=result.turns or model_turns(recorder.exchanges),
            seconds=run.seconds,
        )
        record = {"outcome": asdict(outcome), "run": asdict(run), "files": _files(project)}
    _write_transcript(rules.out / engine / f"{task.name}.jsonl", record, recorder.exchanges)
    return outcome


def model_turns(exchanges: Sequence[Exchange]) -> int:
    """How many model answers the client asked for."""
    return sum(exchange.path.split("?")[0] == "/v1/messages" for exchange in exchanges)


def _files(root: Path) -> dict[str, str]:
    """The small text files as the client left them."""
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.stat().st_size <= _KEPT_FILE_BYTES
    }


def _write_transcript(path: Path, record: object, exchanges: Sequence[Exchange]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [record, *(asdict(exchange) for exchange in exchanges)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def play_all(
    tasks: Sequence[Task],
    engine: str,
    base_url: str,
    rules: Table,
    name: Callable[[int, Task], str],
) -> Iterator[Outcome]:
    """Each task in turn, with a printed line; ``name`` says how a task is called in it."""
    for number, task in enumerate(tasks, 1):
        outcome = play(task, engine, base_url, rules)
        print(line(outcome, name=name(number, task)), flush=True)
        yield outcome


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="The agent bench.")
    add = parser.add_argument
    add("--set", choices=sorted(SETS), default="dev")
    add("--model", type=Path, help="the GGUF file that every engine serves")
    add("--client", default="latest", help="path of a claude binary, a version, or latest")
    add("--engines", default="codriver,peer", help="of codriver and peer, in order")
    add("--url", help="play against a server that already runs, instead of --engines")
    add("--context", type=int, default=16384)
    add("--threads", type=int, default=os.cpu_count() or 1, help="the peer's threads")
    add("--sampling", default="", help="set in every request, for all engines: temperature=0,...")
    add("--peer-sampling", default=PEER_SAMPLING, help="the peer's own defaults")
    add("--codriver-option", action="append", default=[], help="one more word for codriver serve")
    add("--only", nargs="*", default=[], help="names of tasks")
    add("--patience", type=float, default=1.0, help="factor on the timeouts, for slow machines")
    add("--out", type=Path, default=None, help="default: .bench/agent/<time>")
    options = parser.parse_args(argv)
    if options.model is None and options.url is None:
        parser.error("--model FILE.gguf is wanted, or --url of a server that runs")
    return options


def starts(
    options: argparse.Namespace, out: Path
) -> Iterator[tuple[str, AbstractContextManager[str]]]:
    """The engines to measure: a name, and a block that runs it and gives its base URL."""
    if options.url:
        yield "server", nullcontext(options.url)
        return
    for name in options.engines.split(","):
        launch = _launch(name, options)
        yield name, servers.running(launch, out / f"{name}.log")


def _launch(name: str, options: argparse.Namespace) -> servers.Launch:
    model = options.model.resolve()
    if name == "codriver":
        return servers.codriver(model, options.context, options.codriver_option)
    python = servers.ensure_peer_python(CLIENTS.resolve())
    return servers.peer(python, model, options.context, options.threads, options.peer_sampling)


def main(argv: list[str]) -> int:
    """Play, print the tables, keep the transcripts."""
    options = arguments(argv)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    out = options.out or Path(".bench", "agent", f"{stamp}-{options.set}")
    client = Path(options.client)
    if not client.is_file():
        client = ensure_client(options.client, CLIENTS.resolve())
    rules = Table(client.resolve(), out, settings(options.sampling), options.patience)
    tasks = [task for task in SETS[options.set] if not options.only or task.name in options.only]
    named = options.set != "heldout"
    outcomes: list[Outcome] = []
    for engine, server in starts(options, out):
        with server as base_url:
            outcomes += play_all(
                tasks,
                engine,
                base_url,
                rules,
                lambda n, task: task.name if named else f"{n}/{len(tasks)} {task.category}",
            )
    report = f"{table(outcomes)}\n{ratio(outcomes)}"
    (out / "report.txt").write_text(report + "\n", encoding="utf-8")
    print(f"\n{report}\ntranscripts: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

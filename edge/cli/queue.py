"""``codriver queue``: prompts for when there is a link, and their answers.

Talks to a running box by HTTP, on a laptop and on the box alike.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from edge.cli.answers import answer_text, format_job, format_jobs, plain, save
from edge.cli.box import RemoteBox, add_box_options, find_box
from edge.cli.prompt import MAX_TOKENS, Body, compose, whole_request
from edge.cli.settings import number
from edge.config.settings import Between
from edge.errors import BadRequest, NotFound, UpstreamUnreachable

PATH = "/codriver/queue"
MODEL = "claude-sonnet-5"
"""Asked for where neither --model nor ANTHROPIC_MODEL says another."""
LOOK_EVERY = 2.0
"""Seconds between two looks at a job that is waited for."""
ENDED = ("done", "failed", "cancelled", "expired")

_HOURS = Between(1 / 60, 840)
_SECONDS = Between(0, 31_536_000)
_TOKENS = Between(1, 1_000_000)


def add_to(parser: argparse.ArgumentParser) -> None:
    add_box_options(parser)
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.set_defaults(run=run, act=_list)
    actions = parser.add_subparsers(metavar="ACTION")
    _action(actions, "list", "all that wait, and what has ended (also without an action)", _list)
    _add_options(_action(actions, "add", "keep a prompt until there is a link", _add))
    for name, purpose, act in (
        ("show", "a prompt's state, and its answer if there is one", _show),
        ("cancel", "do not ask it any more", _cancel),
        ("wait", "until it is answered, then show the answer", _wait),
        ("rm", "forget one that has ended", _remove),
    ):
        action = _action(actions, name, purpose, act)
        action.add_argument("id", metavar="ID")
        if name == "wait":
            action.add_argument(
                "--seconds", type=number(float, _SECONDS), metavar="S", help="at most so long"
            )
    results = _action(actions, "results", "all answers that have come", _results)
    results.add_argument("--to", type=Path, metavar="DIR", help="each into a file there, once")


def _action(
    actions: Any, name: str, purpose: str, act: Callable[[argparse.Namespace, RemoteBox], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=purpose, description=purpose, argument_default=argparse.SUPPRESS
    )
    # As in front of the action, for whoever writes them behind it.
    add_box_options(parser)
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.set_defaults(act=act)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "prompt", nargs="*", default=[], help="what to ask; without it, or as -, from stdin"
    )
    parser.add_argument("--model", default=None, metavar="M", help="the model to ask for")
    parser.add_argument(
        "--file", type=Path, action="append", default=[], metavar="F",
        help="a text, an image or a PDF to send with it; may be repeated",
    )  # fmt: skip
    parser.add_argument("--system", default=None, metavar="S", help="a system prompt")
    parser.add_argument(
        "--max-tokens", type=number(int, _TOKENS), default=MAX_TOKENS, metavar="N",
        help="the longest answer",
    )  # fmt: skip
    parser.add_argument(
        "--request", type=Path, default=None, metavar="FILE.json",
        help="a whole request instead, as an API of Anthropic's or OpenAI's takes it",
    )  # fmt: skip
    parser.add_argument(
        "--route", default=None, metavar="R", help="a route or an engine; local for the box's own"
    )
    parser.add_argument(
        "--hours", type=number(float, _HOURS), default=None, metavar="H",
        help="give it up after so long; else [queue] expires_seconds",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    return int(options.act(options, find_box(options)))


# --- actions ----------------------------------------------------------------------------


def _list(options: argparse.Namespace, box: RemoteBox) -> int:
    listed = box.ask("GET", PATH)
    print(json.dumps(listed, indent=2) if options.json else format_jobs(listed))
    return 0


def _add(options: argparse.Namespace, box: RemoteBox) -> int:
    body = _body(options)
    wish: dict[str, Any] = {"dialect": body.dialect, "request": msgspec.Raw(body.content)}
    if options.route is not None:
        wish["route"] = options.route
    if options.hours is not None:
        wish["expires_seconds"] = options.hours * 3600
    job = box.ask("POST", PATH, msgspec.json.encode(wish))
    if options.json:
        print(json.dumps(job, indent=2))
    else:
        print(job["id"])
        print(_kept(job), file=sys.stderr)
    return 0


def _kept(job: dict[str, Any]) -> str:
    wait = job.get("waiting_for")
    if wait and not job["here"]:
        return plain(f"kept; it waits, because {wait}")
    return "kept; it goes out at once"


def _body(options: argparse.Namespace) -> Body:
    if options.request is not None:
        if options.prompt or options.file or options.system or options.model:
            raise BadRequest("--request is a whole request: nothing can be said beside it")
        return whole_request(options.request)
    words = options.prompt
    prompt = sys.stdin.read() if not words or words == ["-"] else " ".join(words)
    model = options.model or os.environ.get("ANTHROPIC_MODEL") or MODEL
    return compose(
        prompt, options.file, model=model, system=options.system, max_tokens=options.max_tokens
    )


def _show(options: argparse.Namespace, box: RemoteBox) -> int:
    job = box.ask("GET", f"{PATH}/{_id(options)}")
    print(json.dumps(job, indent=2) if options.json else format_job(job))
    return 0


def _cancel(options: argparse.Namespace, box: RemoteBox) -> int:
    """0 if it is cancelled now, else 1: it had ended already."""
    job = box.ask("POST", f"{PATH}/{_id(options)}/cancel")
    print(json.dumps(job, indent=2) if options.json else f"{job['id']} is {job['state']}")
    return 0 if job["state"] == "cancelled" else 1


def _remove(options: argparse.Namespace, box: RemoteBox) -> int:
    box.ask("DELETE", f"{PATH}/{_id(options)}")
    return 0


def _wait(options: argparse.Namespace, box: RemoteBox) -> int:
    """0 with the answer, 1 if there will be none, 2 if the time is over."""
    seconds = getattr(options, "seconds", None)
    deadline = None if seconds is None else time.monotonic() + seconds
    pace = threading.Event()
    while True:
        job = _look(options, box)
        if job is not None and job["state"] in ENDED:
            break
        if deadline is not None and time.monotonic() >= deadline:
            print(plain(f"no answer yet: {_why(job)}"), file=sys.stderr)
            return 2
        pace.wait(LOOK_EVERY)
    if options.json:
        print(json.dumps(job, indent=2))
    elif job["state"] == "done":
        print(answer_text(job))
    else:
        print(plain(f"{job['id']} is {job['state']}: {job['reason']}"), file=sys.stderr)
    return 0 if job["state"] == "done" else 1


def _look(options: argparse.Namespace, box: RemoteBox) -> dict[str, Any] | None:
    """None while the box is out of reach, which passes: cars move, boxes restart."""
    try:
        job: dict[str, Any] = box.ask("GET", f"{PATH}/{_id(options)}")
    except UpstreamUnreachable:
        return None
    return job


def _why(job: dict[str, Any] | None) -> str:
    if job is None:
        return "the box is out of reach"
    return str(job["waiting_for"] or job["reason"])


def _results(options: argparse.Namespace, box: RemoteBox) -> int:
    """0, or 1 where some have failed."""
    ended = [job for job in box.ask("GET", PATH)["jobs"] if job["state"] in ENDED]
    for listed in ended:
        try:
            job = box.ask("GET", f"{PATH}/{listed['id']}")
        except NotFound:
            continue
        _tell(options, job)
    return 0 if all(job["state"] in ("done", "cancelled") for job in ended) else 1


def _tell(options: argparse.Namespace, job: dict[str, Any]) -> None:
    folder: Path | None = getattr(options, "to", None)
    if folder is not None:
        if (file := save(job, folder)) is not None:
            print(file)
    elif options.json:
        print(json.dumps(job))
    else:
        print(format_job(job), end="\n\n")


def _id(options: argparse.Namespace) -> str:
    one: str = options.id
    if not one.isascii() or not one.isalnum():
        raise BadRequest(f"{one!r} is no id of a job: `codriver queue` lists them")
    return one

"""Quantizes a model file and judges the result, each in a process of its own.

A result is either whole under its name or not there. Blocking: called by cli.
"""

from __future__ import annotations

import importlib.resources
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.disk import sync_folder
from edge.errors import ModelUnusable

QUANTIZER = (sys.executable, "-m", "edge.engines.worker.quantize")
JUDGE = (sys.executable, "-m", "edge.engines.worker.likelihood")

Progress = Callable[[int, int], None]
"""Tensors done, and all of them."""


def quantize(
    source: Path,
    target: Path,
    file_type: int,
    threads: int,
    progress: Progress,
    command: tuple[str, ...] = QUANTIZER,
) -> None:
    """Make ``target`` from ``source``. Raises ModelUnusable; nothing is left of a failure or of an
    interrupt."""
    part = target.with_name(f".{target.name}.part")
    try:
        _run((*command, str(source), str(part), str(file_type), str(threads)), progress)
        _settle(part, target)
    except OSError as error:
        raise ModelUnusable(f"cannot write {target}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _run(command: tuple[str, ...], progress: Progress) -> None:
    """Until the process says that it is done. Raises ModelUnusable."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        event: dict[str, Any] = {}
        try:
            for line in process.stdout or ():
                event = json.loads(line)
                if "at" in event:
                    progress(event["at"], event["of"])
        except BaseException:
            process.kill()
            raise
    if process.returncode or "done" not in event:
        raise ModelUnusable(
            f"llama.cpp cannot quantize this file: {event.get('failed', 'its process ended')}"
        )


def _settle(part: Path, target: Path) -> None:
    """Safe on disk, then under its name. Raises OSError."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    sync_folder(target.parent)


def loss(path: Path, threads: int, command: tuple[str, ...] = JUDGE) -> float:
    """Nats a token of a sample of prose and code. Raises ModelUnusable."""
    sample = importlib.resources.files("edge").joinpath("data", "sample.txt").read_text("utf-8")
    done = subprocess.run(
        (*command, str(path), str(threads)),
        input=sample,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return float(json.loads(done.stdout.splitlines()[-1])["loss"])
    except (ValueError, LookupError):
        why = done.stderr.strip().splitlines()[-1:] or ["its process ended"]
        raise ModelUnusable(f"{path.name} cannot be judged: {why[0]}") from None

"""``codriver quantize``: a model file at another quantization level, made on this box."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from edge.app.choose import level_for
from edge.board.probe import probe
from edge.board.profile import with_profile
from edge.catalog import local_stores, models, splits, store
from edge.catalog.levels import LEVELS, at_level, file_type, is_known, loss_allowed
from edge.catalog.making import SPARE_BYTES, made_path
from edge.catalog.plans import Candidate
from edge.catalog.quality import divergence
from edge.catalog.threads import plan_threads
from edge.cli.settings import add_config_option, from_options, measured_dir, models_dir
from edge.config import Config
from edge.engines.quantize import loss, quantize
from edge.errors import ModelUnusable

AUTO = "auto"


def add_to(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument("model", metavar="FILE", help="a GGUF file, or a model's name")
    parser.add_argument(
        "level",
        metavar="LEVEL",
        nargs="?",
        default=AUTO,
        help=f"one of {', '.join(LEVELS)}; without one it is what this board's plan takes",
    )
    parser.add_argument("--to", type=Path, metavar="FILE", help="the new file's path")
    parser.add_argument("--replace", action="store_true", help="remove the old file if all is well")
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where GGUF files lie")
    parser.set_defaults(run=run, context=None, kv=None)


def run(options: argparse.Namespace) -> int:
    """0 if the new file is there and sound. Raises ModelUnusable."""
    config = from_options(options)
    folder = models_dir(config)
    ref = models.resolve(options.model, folder, local=local_stores.here())
    if options.replace and ref.entry is not None and ref.entry.source.embedded:
        raise ModelUnusable(f"{ref.name} is a part of codriver and stays: leave --replace out")
    if options.replace and ref.owner is not None:
        raise ModelUnusable(f"{ref.name} belongs to {ref.owner}: leave --replace out")
    source = store.candidate(ref)
    auto = options.level.lower() == AUTO
    level = _planned(source, config, folder) if auto else options.level.upper()
    target = options.to or made_path(source, level, folder)
    if options.to is None:
        _ensure(folder)
    _check(source, level, target)
    threads = plan_threads(with_profile(probe()), None, on_gpu=False).start
    quantize(source.path, target, file_type(level), threads, _show)
    print(f"\r{target} has {target.stat().st_size / 1e9:.2f} GB", file=sys.stderr)
    before, after = loss(source.path, threads), loss(target, threads)
    more, sound = after - before, after - before <= loss_allowed(level)
    verdict = "sound" if sound else f"more than the {loss_allowed(level):.2f} that it may lose"
    print(
        f"{target.name}: {after:.3f} nats a token on a sample of prose and code,"
        f" {before:.3f} before: {more:+.3f}, {verdict}"
    )
    return _finish(source, sound=sound, replaces=options.replace)


def _finish(source: Candidate, *, sound: bool, replaces: bool) -> int:
    """Remove the old file where that was wished and nothing speaks against it."""
    if not sound:
        print(f"{source.path} stays: the new file is worse than it should be", file=sys.stderr)
        return 1
    if replaces:
        for name in splits.parts(source.path.name):
            source.path.with_name(name).unlink()
            print(f"{source.path.with_name(name)} is removed", file=sys.stderr)
    return 0


def _planned(source: Candidate, config: Config, folder: Path) -> str:
    """The level that this board's plan takes. Raises ModelUnusable where none is better."""
    best = level_for(source, config, folder, measured=measured_dir())
    print(f"{best.quantization}: {best.reason}", file=sys.stderr)
    return best.quantization


def _ensure(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelUnusable(f"cannot write to {folder}: {error.strerror}") from None


def _check(source: Candidate, level: str, target: Path) -> None:
    """Raises ModelUnusable for what cannot be, or makes no sense."""
    if level not in LEVELS:
        raise ModelUnusable(f"there is no level {level}; known are {', '.join(LEVELS)}")
    old = source.facts.quantization
    if divergence(old) >= divergence(level):
        raise ModelUnusable(
            f"{source.path.name} is {old}: {level} cannot be better; take a finer file"
        )
    if target.exists():
        raise ModelUnusable(f"{target} is there already; name another with --to")
    # Where the rules are not known the new file is at least no larger than the old one.
    made = at_level(source.facts, level) if is_known(source.facts) else source.facts
    needed = made.file_bytes
    try:
        free = shutil.disk_usage(target.parent).free
    except OSError as error:
        raise ModelUnusable(f"cannot write to {target.parent}: {error.strerror}") from None
    if free < needed + SPARE_BYTES:
        raise ModelUnusable(
            f"{target} takes {needed / 1e9:.2f} GB and {free / 1e9:.2f} GB are free on its disk"
        )


def _show(done: int, every: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {every} tensors", end="", file=sys.stderr)

"""``codriver import-ccr``: a configuration of claude-code-router as one of ours."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from edge.config import load
from edge.config.ccr import Converted, as_toml, convert, loads
from edge.disk import replace_file
from edge.errors import ConfigError


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="its config.json, or an export")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="write the TOML there")
    parser.add_argument(
        "--write-keys",
        action="store_true",
        help="write each key into a file of its own beside OUT, readable by you alone",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 also where parts were left out: each is a line on stderr and a comment in the file."""
    if options.write_keys and options.output is None:
        raise ConfigError("--write-keys puts the keys beside the TOML: say where with -o OUT")
    found = _read(options.file)
    keys = _key_files(found) if options.write_keys else {}
    text = as_toml(found, keys)
    _check(text)
    if options.output is None:
        print(text, end="")
    else:
        _write(options.output, text, found, keys)
        print(f"{options.output}: {len(found.upstreams)} upstreams, {len(found.routes)} routes")
    for note in found.notes:
        print(f"not taken over: {note}", file=sys.stderr)
    return 0


def _read(file: Path) -> Converted:
    """Raises ConfigError; quotes nothing of the file, which may hold keys."""
    try:
        return convert(loads(file.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text") from None
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from None


def _key_files(found: Converted) -> dict[str, str]:
    return {one.name: f"{one.name}.key" for one in found.upstreams if one.key is not None}


def _write(output: Path, text: str, found: Converted, keys: dict[str, str]) -> None:
    """The keys first: a TOML that names them finds them. Raises ConfigError."""
    secrets = {one.name: one.key for one in found.upstreams if one.key is not None}
    try:
        for name, file in keys.items():
            replace_file(output.parent / file, secrets[name].encode() + b"\n")
        replace_file(output, text.encode())
    except OSError as error:
        raise ConfigError(f"{output}: cannot be written: {error.strerror}") from None


def _check(text: str) -> None:
    """What we write must be what we read; a fault is told before anything is written."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        load(Path(file.name))

"""The configuration a command works with: the TOML, and what the command line changes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, get_args, get_type_hints

from edge.app.choose import measured_in
from edge.config import Config, load, state_directory
from edge.config.settings import Between, ModelSettings
from edge.errors import ConfigError
from edge.units import Tokens

Number = TypeVar("Number", int, float)

_WORDS = {int: "a whole number", float: "a number"}


def add_config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file with your settings")


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """For a command that works on the models folder and serves nothing."""
    add_config_option(parser)
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where GGUF files lie")
    parser.set_defaults(model=None, context=None, kv=None)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="FILE|NAME", help="a GGUF file, or a model codriver knows (coder)"
    )
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where GGUF files lie")
    parser.add_argument(
        "--context",
        type=number(int, limits(ModelSettings, "context")),
        metavar="N",
        help="tokens of context; 0 takes what the model and the memory allow",
    )
    kinds = get_args(get_type_hints(ModelSettings)["kv"])
    parser.add_argument("--kv", choices=kinds, help="how keys and values are kept in memory")


def number(kind: type[Number], between: Between) -> Callable[[str], Number]:
    """An argparse type: a number of that kind within the limits, or one clear sentence."""

    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not between.low <= value <= between.high:
            wanted = f"{_WORDS[kind]} from {between.low:.16g} to {between.high:.16g}"
            raise argparse.ArgumentTypeError(f"expected {wanted}, got '{text}'")
        return value

    return read


def limits(table: type, key: str) -> Between:
    """What the configuration allows for a key; the option that replaces it allows the same."""
    marks = get_type_hints(table, include_extras=True)[key].__metadata__
    return next(mark for mark in marks if isinstance(mark, Between))


def from_options(options: argparse.Namespace) -> Config:
    """The effective configuration. Raises ConfigError."""
    config = load(options.config)
    model = config.model
    if options.model is not None:
        model = replace(model, path_or_name=options.model)
    if options.models_dir is not None:
        model = replace(model, models_dir=options.models_dir)
    if options.context is not None:
        model = replace(model, context=Tokens(options.context))
    if options.kv is not None:
        model = replace(model, kv=options.kv)
    return replace(config, model=model)


def state_dir() -> Path:
    """Where codriver keeps its state. Raises ConfigError where no such place is known."""
    try:
        home = Path.home()
    except RuntimeError:
        raise ConfigError("this user has no home directory: set HOME or STATE_DIRECTORY") from None
    return state_directory(os.environ, home)


def measured_dir() -> Path | None:
    """Where workers keep what they measure; None where there is no place for state."""
    try:
        return measured_in(state_dir())
    except ConfigError:
        return None


def models_dir(config: Config) -> Path:
    """Where GGUF files lie; need not be there yet. Raises ConfigError if it is a file."""
    folder = config.model.models_dir or state_dir() / "models"
    try:
        usable = folder.is_dir() or not folder.exists()
    except OSError as error:
        raise ConfigError(f"{folder} cannot be the models folder: {error.strerror}") from None
    if not usable:
        raise ConfigError(f"{folder} is not a folder; name the one that holds the GGUF files")
    return folder

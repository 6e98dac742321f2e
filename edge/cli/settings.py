"""The configuration a command works with: the TOML, and what the command line changes."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from edge.config import Config, load, state_directory
from edge.units import Tokens


def add_config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file with your settings")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="FILE|NAME", help="a GGUF file, or a model codriver knows (coder)"
    )
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where GGUF files lie")
    parser.add_argument("--context", type=int, metavar="N", help="tokens of context")


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
    return replace(config, model=model)


def state_dir() -> Path:
    return state_directory(os.environ, Path.home())


def models_dir(config: Config) -> Path:
    return config.model.models_dir or state_dir() / "models"

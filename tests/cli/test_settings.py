import argparse
from pathlib import Path

import pytest

from edge.cli.settings import (
    add_config_option,
    add_model_options,
    from_options,
    limits,
    models_dir,
    number,
    state_dir,
)
from edge.config import load
from edge.config.settings import Between, ModelSettings, ServerSettings
from edge.errors import ConfigError


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_option(parser)
    add_model_options(parser)
    return parser.parse_args(words)


def test_without_options_the_file_counts(tmp_path: Path):
    file = tmp_path / "c.toml"
    file.write_text('[model]\npath_or_name = "coder"\ncontext = 4096\n')
    assert from_options(options("--config", str(file))) == load(file)
    assert from_options(options()) == load(None)


def test_an_option_wins_over_the_file(tmp_path: Path):
    file = tmp_path / "c.toml"
    file.write_text('[model]\npath_or_name = "coder"\ncontext = 4096\n')
    words = ("--model", "x.gguf", "--context", "512", "--models-dir", "m")
    model = from_options(options("--config", str(file), *words)).model
    assert (model.path_or_name, model.context, model.models_dir) == ("x.gguf", 512, Path("m"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("7", "from 8 to 80, got '7'"),
        ("81", "from 8 to 80, got '81'"),
        ("8.5", "expected a whole number"),
        ("eight", "expected a whole number"),
        ("", "expected a whole number"),
    ],
)
def test_a_number_out_of_its_limits_is_refused(text: str, complaint: str):
    with pytest.raises(argparse.ArgumentTypeError, match=complaint):
        number(int, Between(8, 80))(text)


def test_a_number_within_its_limits_is_taken():
    assert [number(int, Between(8, 80))(text) for text in ("8", "80")] == [8, 80]
    assert number(float, Between(0.5, 1))("0.75") == 0.75


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_no_number_is_not_a_number(text: str):
    with pytest.raises(argparse.ArgumentTypeError):
        number(float, Between(0.5, 1e300))(text)


def test_limits_are_the_configurations_own():
    assert limits(ServerSettings, "port") == Between(0, 65_535)
    assert limits(ModelSettings, "context") == Between(0, 2**31)


def test_state_is_kept_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert state_dir() == tmp_path
    assert models_dir(load(None)) == tmp_path / "models"


def test_nobodys_home_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    def nobody(_: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(nobody))
    with pytest.raises(ConfigError, match="set HOME or STATE_DIRECTORY"):
        state_dir()


@pytest.mark.parametrize(
    ("name", "words"), [("file", "is not a folder"), ("x" * 300, "File name too long")]
)
def test_a_models_folder_that_can_be_none(tmp_path: Path, name: str, words: str):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=words):
        models_dir(from_options(options("--models-dir", str(tmp_path / name))))


def test_a_models_folder_need_not_be_there_yet(tmp_path: Path):
    wanted = tmp_path / "later"
    assert models_dir(from_options(options("--models-dir", str(wanted)))) == wanted

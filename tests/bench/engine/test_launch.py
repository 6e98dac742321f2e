"""How the engines are called."""

import tomllib
from pathlib import Path

from tests.bench.engine import launch
from tests.bench.engine.launch import Setting

SETTING = Setting(Path("/m.gguf"), 8192, 3)


def test_codriver_has_a_state_directory_of_its_own() -> None:
    started = launch.codriver(SETTING, Path("/tmp/state"))
    assert started.command[:2] == ("env", "STATE_DIRECTORY=/tmp/state")
    assert "--config" in started.command
    assert str(started.port) in started.command
    assert tomllib.loads(launch.config(SETTING)) == {"model": {"threads": 3}}


def test_llama_server_gets_the_same_setting() -> None:
    started = launch.llama_server(Path("/b"), SETTING, slots=4, speculate=False)
    words = " ".join(started.command)
    assert words.startswith("/b --model /m.gguf --host 127.0.0.1")
    assert "--ctx-size 8192 --parallel 4 --kv-unified --threads 3 --threads-batch 3" in words
    assert "--cache-type-k f16 --cache-type-v f16" in words
    assert "--spec-type" not in words
    drafting = launch.llama_server(Path("/b"), SETTING, slots=1, speculate=True)
    assert drafting.command[-2:] == ("--spec-type", "ngram-simple")


def test_llama_cpp_python_gets_the_same_setting() -> None:
    words = " ".join(launch.llama_cpp_python(Path("/python"), SETTING).command)
    assert words.startswith("/python -m llama_cpp.server --host 127.0.0.1")
    assert "--n_ctx 8192 --n_threads 3 --n_threads_batch 3" in words

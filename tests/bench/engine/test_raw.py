"""The handle on the bare loop, with a loop that only says what it was told."""

import sys
from pathlib import Path

import pytest

from tests.bench.engine.raw import command, raw
from tests.bench.engine.stream import BenchError

LOOP = """
import json, sys
for line in sys.stdin:
    order = json.loads(line)
    match order["do"]:
        case "prefill": print(json.dumps({"seconds": order["tokens"] / 100}), flush=True)
        case "decode": print(json.dumps({"times": [1, 2], "steps": [0.5]}), flush=True)
        case _: sys.exit(3)
"""


def test_orders_and_answers() -> None:
    with raw([sys.executable, "-c", LOOP]) as loop:
        assert loop.prefill("text", 200) == 2
        steps = loop.decode("text", 10, 2)
    assert (steps.times, steps.decode) == ([1, 2], [0.5])
    assert loop.process.returncode == 0


def test_a_loop_that_ends_is_told() -> None:
    with raw([sys.executable, "-c", LOOP]) as loop, pytest.raises(BenchError, match="exit code 3"):
        loop.about()


def test_the_command_names_the_settings() -> None:
    words = " ".join(command(Path("/m.gguf"), 2, 4096))
    assert words.endswith("bare_loop --model /m.gguf --threads 2 --context 4096")

"""What llama.cpp says it can compute on."""

import sys

import pytest

from edge.engines.devices import ask, parse
from edge.state import Accelerator, BoardFacts, EngineDevice

CUDA = EngineDevice("CUDA0", "Orin", 8)
CPU = EngineDevice("CPU", "Cortex-A78AE", 8)
JETSON = Accelerator("cuda", "Orin", 8, unified=True)


def saying(words: str) -> tuple[str, ...]:
    return (sys.executable, "-c", words)


def test_the_real_one_has_a_cpu():
    found = ask()
    assert found is not None
    assert [one for one in found if one.name == "CPU" and one.memory > 0]


def test_noise_before_the_answer_is_passed_over():
    text = (
        'ggml_cuda_init: found 1 device\n[{"name": "CUDA0", "description": "Orin", "memory": 8}]\n'
    )
    assert parse(text) == (CUDA,)


@pytest.mark.parametrize(
    "words",
    [
        "raise SystemExit(1)",
        "print('no list')",
        "print('[1]')",
        "print('[{}]')",
        "pass",
        "import x_y",
    ],
)
def test_one_that_does_not_answer_is_unknown(words: str):
    assert ask(saying(words)) is None


def test_a_program_that_is_not_there():
    assert ask(("/no/such/program",)) is None


def test_the_engine_has_the_last_word():
    assert BoardFacts().can_use(JETSON)
    assert BoardFacts(engine_devices=(CPU, CUDA)).can_use(JETSON)
    assert not BoardFacts(engine_devices=(CPU,)).can_use(JETSON)
    assert not BoardFacts(engine_devices=()).can_use(JETSON)

import json
from pathlib import Path

import pytest

from tests.cli.command import Run


def test_people_see_the_choice_and_why(codriver: Run, models: Path):
    said = codriver("plan", "--models-dir", models)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["model", "quant", "context", "memory", "threads", "gpu", "layers"]
    assert lines[1].startswith("=>  ")
    for model in ("tiny", "smollm2-135m"):
        assert [line for line in lines if line.startswith(f"{model}: ")], "each has its reason"


def test_what_is_left_out_is_told_beside_the_plans(codriver: Run, models: Path):
    said = codriver("plan", "--json", "--models-dir", models)
    assert {plan["model"] for plan in json.loads(said.out)} == {"tiny", "smollm2-135m"}
    assert "bad.gguf is not a GGUF file: it is a web page" in said.err


def test_a_plan_for_another_board(codriver: Run, models: Path):
    said = codriver("plan", "--json", "--models-dir", models, "--board", "jetson-orin-nx-16gb")
    assert {plan["threads"] for plan in json.loads(said.out)} == {8}


def test_programs_get_every_figure(codriver: Run, models: Path):
    said = codriver("plan", "--json", "--model", models / "tiny.gguf", "--context", 512)
    (plan,) = json.loads(said.out)
    assert (plan["n_ctx"], plan["fits"], plan["file"]) == (512, True, str(models / "tiny.gguf"))
    assert "GB usable" in plan["reason"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "qwen9"), "no model is called 'qwen9'"),
        (("--model", "codr"), "did you mean coder?"),
        (("--model", "./none.gguf"), "there is no such file"),
        (("--models-dir", "/dev/null"), "/dev/null is not a folder"),
        (("--board", "pi"), "there is no plan for a board 'pi'; known are jetson-agx-orin-64gb"),
    ],
)
def test_nothing_to_plan_is_one_sentence(codriver: Run, options: tuple[str], words: str):
    said = codriver("plan", *options)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("codriver: ")
    assert words in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("context", ["-1", "many", "1.5", str(2**31 + 1)])
def test_a_context_that_is_none(codriver: Run, context: str):
    said = codriver("plan", f"--context={context}")
    assert said.code == 2
    assert f"expected a whole number from 0 to 2147483648, got '{context}'" in said.err

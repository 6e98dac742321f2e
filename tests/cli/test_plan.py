import json
from pathlib import Path

import pytest

from tests.cli.command import Run


def test_people_see_the_choice_and_why(codriver: Run, models: Path):
    said = codriver("plan", "--models-dir", models)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split()[:4] == ["model", "quant", "here", "context"]
    (runs,) = [line for line in lines if line.startswith("=>")]
    assert runs.split()[1] in ("tiny", "smollm2-135m"), "what is here"
    for model in ("tiny", "smollm2-135m"):
        assert [line for line in lines if line.startswith(f"{model}: ")], "each has its reason"


def test_what_is_left_out_is_told_beside_the_plans(codriver: Run, models: Path):
    said = codriver("plan", "--json", "--models-dir", models)
    here = {plan["model"] for plan in json.loads(said.out) if plan["here"]}
    assert here == {"tiny", "smollm2-135m"}
    assert "bad.gguf is not a GGUF file: it is a web page" in said.err


def test_a_plan_for_another_board(codriver: Run, models: Path):
    said = codriver("plan", "--json", "--models-dir", models, "--board", "jetson-orin-nx-16gb")
    assert {plan["threads"] for plan in json.loads(said.out)} == {8}


def test_a_model_of_the_catalogue_is_planned_without_being_fetched(codriver: Run, tmp_path: Path):
    words = ("--model", "qwen3-coder-30b-a3b", "--board", "jetson-agx-orin-64gb")
    said = codriver("plan", "--json", *words, "--models-dir", tmp_path)
    plans = json.loads(said.out)
    assert said.code == 0
    assert {plan["model"] for plan in plans} == {"qwen3-coder-30b-a3b"}
    assert {"Q4_K_M", "Q8_0"} <= {plan["quantization"] for plan in plans}
    assert not any(plan["here"] for plan in plans)
    assert plans[0]["prefill_tokens_per_second"] > plans[0]["decode_tokens_per_second"] > 3
    assert list(tmp_path.iterdir()) == []


def test_planning_fetches_nothing(codriver: Run, tmp_path: Path):
    said = codriver("plan", "--json", "--model", "coder", "--models-dir", tmp_path)
    plans = json.loads(said.out)
    assert {plan["model"] for plan in plans} == {"qwen2.5-coder-0.5b"}
    assert list(tmp_path.iterdir()) == []


def test_how_keys_and_values_are_kept_can_be_wished(codriver: Run, models: Path):
    said = codriver("plan", "--json", "--model", models / "tiny.gguf", "--kv", "q4_0")
    (plan,) = json.loads(said.out)
    assert plan["kv_type"] == "q4_0"


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

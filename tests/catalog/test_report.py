import json
from dataclasses import replace

from edge.catalog.planner import plan, shortened
from edge.catalog.report import format_plans, plans_as_json
from tests.catalog.test_planner import ALL, CODER, GB, board, fine, with_made


def test_people_see_a_table_and_the_reasons():
    said = format_plans(plan(ALL, board(2 * GB)), ("bad.gguf is empty",)).splitlines()
    wanted = "model quant here context kv memory reads/s writes/s behind 20k threads gpu layers"
    assert said[0].split() == wanted.split()
    assert said[1].split()[:5] == ["=>", "coder-0.5b", "Q4_K_M", "yes", "32,768"]
    assert any(line.startswith("coder-1.5b: ") and "too few" in line for line in said)
    assert said[-1] == "left out: bad.gguf is empty"


def test_what_is_here_runs_and_what_would_be_better_could_be_fetched():
    small, coder, larger, _ = ALL
    plans = plan((replace(larger, here=False), coder, small), board())
    marks = [line.split()[:2] for line in format_plans(plans).splitlines()[1:4]]
    assert marks[0] == ["get", "coder-1.5b"]
    assert marks[1] == ["=>", "coder-0.5b"]
    alone = format_plans(plan((replace(larger, here=False),), board())).splitlines()
    assert alone[1].split()[:2] == ["=>", "coder-1.5b"]


def marks(plans):
    lines = format_plans(shortened(plans)).splitlines()[1 : 1 + len(shortened(plans))]
    return {words[1]: words[0] for words in (line.split() for line in lines) if "%" not in words}


def test_what_would_be_better_and_could_be_made_is_marked():
    found = marks(with_made(fine(), CODER, memory=8 * GB))
    assert found == {"7b-Q5_K_M": "make", "coder-0.5b": "=>", "7b-Q8_0": "no"}
    alone = marks(with_made(fine(), memory=8 * GB))
    assert alone == {"7b-Q5_K_M": "make", "7b-Q8_0": "no"}


def test_programs_get_how_it_is_made():
    rows = json.loads(plans_as_json(shortened(with_made(fine(), CODER, memory=8 * GB))))
    made, here = rows[0], rows[1]
    assert made["make"] == {
        "from": "/models/7b-Q8_0.gguf",
        "command": "codriver quantize 7b-Q8_0 Q5_K_M",
        "has_room": True,
    }
    assert made["file_bytes"] > 5 * GB
    assert here["make"] is None


def test_what_does_not_fit_is_marked():
    assert "no  coder-1.5b" in format_plans(plan(ALL, board(1 * GB)))


def test_nothing_present_says_what_to_do():
    assert "--model coder" in format_plans(())


def test_programs_get_an_array_best_first():
    rows = json.loads(plans_as_json(plan(ALL, board())))
    assert rows[0]["model"] == "coder-1.5b"
    wanted = "model file quantization n_ctx kv_type n_gpu_layers threads memory_bytes"
    wanted += " prefill_tokens_per_second decode_tokens_per_second fits reason"
    assert set(wanted.split()) <= set(rows[0])
    assert rows[0]["fits"] is True
    assert rows[0]["draft"] is None
    assert rows[0]["prefill_tokens_per_second"] is None

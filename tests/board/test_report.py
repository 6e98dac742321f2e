import json

from edge.board.probe import probe
from edge.board.report import facts_as_json, format_facts
from edge.state import BoardFacts
from tests.board.boards import jetson_orin_nano, raspberry_pi_5


def test_people_see_one_fact_a_line(tmp_path):
    said = format_facts(probe(raspberry_pi_5(tmp_path)))
    assert "board:        raspberry-pi-5-8gb" in said
    assert "memory:       7.9 GiB, 7.3 GiB free" in said
    assert "accelerators: v3d (renderD128) (Vulkan, unused)" in said
    assert "features:     asimddp fphp" in said


def test_unknown_says_so():
    said = format_facts(BoardFacts())
    assert "model:        unknown" in said
    assert "memory:       unknown, unknown free" in said
    assert "accelerators: none" in said


def test_programs_get_plain_values(tmp_path):
    value = json.loads(facts_as_json(probe(jetson_orin_nano(tmp_path))))
    assert value["board"] == "jetson-orin-nano-8gb"
    assert value["memory_limit"] is None
    assert value["accelerators"][0]["unified"] is True

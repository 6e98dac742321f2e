import json
from pathlib import Path

import pytest

from tests.board.boards import raspberry_pi_5
from tests.cli.command import Run


def test_people_see_one_fact_a_line(codriver: Run, tmp_path: Path):
    said = codriver("probe", "--root", raspberry_pi_5(tmp_path / "root"))
    assert (said.code, said.err) == (0, "")
    facts = dict(line.split(":", 1) for line in said.out.splitlines())
    assert facts["model"].strip() == "Raspberry Pi 5 Model B Rev 1.0"
    assert facts["board"].strip() == "raspberry-pi-5-8gb"
    assert facts["cores"].strip() == "4"


def test_programs_get_an_object(codriver: Run, tmp_path: Path):
    said = codriver("probe", "--json", "--root", raspberry_pi_5(tmp_path / "root"))
    assert json.loads(said.out)["board"] == "raspberry-pi-5-8gb"


def test_unknown_is_normal(codriver: Run, tmp_path: Path):
    said = codriver("probe", "--json", "--root", tmp_path)
    assert said.code == 0
    assert json.loads(said.out)["memory_total"] is None


@pytest.mark.parametrize(
    ("name", "words"),
    [("none", "there is no folder"), ("file", "there is no folder"), ("x" * 300, "name too long")],
)
def test_a_root_that_is_none(codriver: Run, tmp_path: Path, name: str, words: str):
    (tmp_path / "file").touch()
    said = codriver("probe", "--root", tmp_path / name)
    assert said.code == 2
    assert words in said.err


def test_a_recording_is_made_and_can_be_read(codriver: Run, tmp_path: Path):
    root = raspberry_pi_5(tmp_path / "root")
    said = codriver("probe", "--root", root, "--record", tmp_path / "copy")
    assert (said.code, said.err) == (0, "")
    assert "look through them" in said.out
    again = codriver("probe", "--json", "--root", tmp_path / "copy")
    assert json.loads(again.out)["board"] == "raspberry-pi-5-8gb"
    twice = codriver("probe", "--root", root, "--record", tmp_path / "copy")
    assert twice.code == 1
    assert "is not an empty folder" in twice.err


def test_the_disk_is_measured_on_request_and_remembered(codriver: Run, tmp_path: Path):
    def speed(*words: object) -> object:
        said = codriver("probe", "--json", *words)
        assert said.code == 0, said.err
        return json.loads(said.out)["disk_speed"]

    assert speed() is None
    measured = speed("--disk")
    assert measured["reads"] > measured["writes"] / 1000 > 0
    assert speed() == measured, "remembered"
    assert speed("--disk", "--once") == measured
    assert "disk speed:   reads" in codriver("probe").out
    assert speed("--root", raspberry_pi_5(tmp_path / "root")) is None, "that is another board"
    assert [path.name for path in (tmp_path / "state/codriver").iterdir()] == ["disk.json"]
    plan = codriver("plan", "--json", "--models-dir", tmp_path / "state/codriver/models")
    fetched = next(one for one in json.loads(plan.out) if not one["here"])
    assert fetched["load_seconds"] == pytest.approx(fetched["file_bytes"] / measured["reads"])

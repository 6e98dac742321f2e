"""The data in hw/boards: readable, consistent, sourced, and in the wheel."""

import tomllib
from pathlib import Path

import pytest

from edge.board.profile import directory, load_profiles, parse

ROOT = Path(__file__).resolve().parents[2]
BOARDS = sorted((ROOT / "hw/boards").glob("*.toml"))


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_profile_is_consistent(path):
    profile = parse(path.read_text("utf-8"))
    assert profile.name == path.stem
    assert profile.architecture in ("aarch64", "x86_64")
    assert profile.accelerator in ("none", "cuda")
    assert (profile.accelerator == "cuda") == (profile.accelerator_name is not None)
    if profile.memory is not None:
        gigabytes = f"{profile.memory // 2**30}gb"
        assert profile.name.endswith(gigabytes)
        assert profile.bandwidth is not None
        assert (profile.measured_bandwidth or 0) <= profile.bandwidth


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_every_block_of_figures_has_its_source(path):
    blocks = path.read_text("utf-8").split("\n\n")
    figures = [block for block in blocks if any(c.isdigit() for c in block.partition(" = ")[2])]
    bare = [block for block in figures if "#" not in block and "name =" not in block]
    assert bare == []


def test_no_board_is_claimed_twice():
    claims = {}
    for profile in load_profiles():
        for name in profile.compatible:
            claims.setdefault((name, profile.memory), []).append(profile.name)
    assert [boards for boards in claims.values() if len(boards) > 1] == []


def test_the_wheel_carries_them():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["hw/boards"] == "edge/data/boards"
    assert directory() == ROOT / "hw/boards"
    assert len(load_profiles()) == len(BOARDS) >= 6

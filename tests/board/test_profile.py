import pytest

from edge.board.profile import arithmetic, bandwidth, load_profiles, match, named, with_profile
from edge.state import BoardFacts

GIB = 2**30
PI_5 = ("raspberrypi,5-model-b", "brcm,bcm2712")


@pytest.mark.parametrize(
    ("compatible", "architecture", "memory", "name"),
    [
        (PI_5, "aarch64", 8 * GIB, "raspberry-pi-5-8gb"),
        (PI_5, "aarch64", 7.86 * GIB, "raspberry-pi-5-8gb"),
        (PI_5, "aarch64", 16 * GIB, "raspberry-pi-5-16gb"),
        (PI_5, "aarch64", 4 * GIB, "raspberry-pi-5-4gb"),
        (PI_5, "aarch64", 2 * GIB, None),
        (PI_5, "aarch64", None, None),
        (("raspberrypi,4-model-b",), "aarch64", 8 * GIB, "raspberry-pi-4-8gb"),
        (("nvidia,p3767-0005", "nvidia,tegra234"), "aarch64", 7.4 * GIB, "jetson-orin-nano-8gb"),
        (("nvidia,p3737-0000+p3701-0005",), "aarch64", 61 * GIB, "jetson-agx-orin-64gb"),
        (("acme,toaster",), "aarch64", 8 * GIB, None),
        ((), "x86_64", 16 * GIB, "generic-x86_64"),
        ((), "riscv64", 8 * GIB, None),
        ((), None, None, None),
    ],
)
def test_finds_the_board(compatible, architecture, memory, name):
    found = match(compatible, architecture, memory)
    assert (found.name if found else None) == name


def test_bandwidth_is_the_measured_one_or_a_share():
    assert named("raspberry-pi-5-8gb").usable_bandwidth == 11.4e9
    assert named("jetson-agx-orin-64gb").usable_bandwidth == pytest.approx(122.9e9, rel=0.01)
    assert bandwidth(BoardFacts(board="raspberry-pi-4-8gb")) == 3.2e9
    assert bandwidth(BoardFacts(board="generic-x86_64")) is None
    assert bandwidth(BoardFacts()) is None


def test_arithmetic_is_known_of_known_boards():
    assert arithmetic(BoardFacts(board="raspberry-pi-5-4gb")) == 1.7e11
    assert arithmetic(BoardFacts(board="generic-x86_64")) is None
    assert arithmetic(BoardFacts()) is None


def test_a_profile_stands_in_for_a_probe():
    facts = named("jetson-orin-nano-8gb").as_facts()
    assert facts.cores == 6
    assert facts.memory_available < facts.memory_total == 8 * GIB
    assert facts.accelerators[0].unified


def test_a_profile_fills_only_what_is_unknown():
    seen = BoardFacts(board="raspberry-pi-5-8gb", cores=2)
    filled = with_profile(seen)
    assert (filled.cores, filled.cpu) == (2, "Cortex-A76")
    assert filled.memory_available is None
    assert with_profile(BoardFacts(cores=2)) == BoardFacts(cores=2)


def test_names_are_found():
    assert {one.name for one in load_profiles()} >= {"raspberry-pi-5-8gb", "generic-x86_64"}
    assert named("commodore-64") is None

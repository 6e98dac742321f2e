from edge.board.accelerators import find
from edge.state import Accelerator
from tests.board.boards import jetson_orin_nano, raspberry_pi_5, write

ORIN = ("nvidia,p3767-0005", "nvidia,tegra234")


def test_nothing_there(tmp_path):
    assert find(tmp_path, (), None) == ()


def test_a_jetson_shares_its_memory_and_is_named_once(tmp_path):
    (device,) = find(jetson_orin_nano(tmp_path), ORIN, 8 * 2**30)
    assert device == Accelerator("cuda", "Orin (compute capability 8.7)", 8 * 2**30, unified=True)


def test_a_tegra_without_nvidias_linux_cannot_compute(tmp_path):
    assert find(tmp_path, ORIN, 8 * 2**30) == ()


def test_a_card_needs_driver_and_node(tmp_path):
    information = "Model: \t\t NVIDIA GeForce RTX 3060\nIRQ: 1\n"
    write(tmp_path, {"proc/driver/nvidia/gpus/0000:01:00.0/information": information})
    assert find(tmp_path, (), None) == ()
    write(tmp_path, {"dev/nvidia0": "", "dev/nvidiactl": "", "dev/nvidia-uvm": ""})
    assert find(tmp_path, (), None) == (Accelerator("cuda", "NVIDIA GeForce RTX 3060"),)


def test_render_nodes_are_named_by_driver(tmp_path):
    assert find(raspberry_pi_5(tmp_path), (), None) == (Accelerator("vulkan", "v3d (renderD128)"),)
    write(tmp_path, {"dev/dri/renderD129": ""})
    assert find(tmp_path, (), None)[1].name == "unknown driver (renderD129)"


def test_npus_are_reported(tmp_path):
    write(
        tmp_path,
        {
            "dev/hailo0": "",
            "dev/apex_0": "",
            "dev/accel/accel0": "",
            "sys/class/accel/accel0/device/uevent": "DRIVER=intel_vpu\n",
        },
    )
    found = find(tmp_path, (), None)
    assert [one.kind for one in found] == ["npu"] * 3
    assert [one.name for one in found] == [
        "Hailo (hailo0)",
        "Coral Edge TPU (apex_0)",
        "intel_vpu (accel0)",
    ]

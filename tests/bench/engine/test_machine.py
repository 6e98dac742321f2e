"""The machine from captured files."""

from pathlib import Path

from tests.bench.engine.machine import cpu_name, describe, total_memory

X86 = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) @ 2.1GHz\n"
PI = "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n"


def test_cpu_names() -> None:
    assert cpu_name(X86) == "Intel(R) Xeon(R) @ 2.1GHz"
    assert cpu_name(PI) == "Raspberry Pi 5 Model B Rev 1.0"
    assert cpu_name("") is None


def test_memory() -> None:
    assert total_memory("MemTotal:        8052164 kB\nMemFree: 1 kB\n") == 8052164 * 1024
    assert total_memory("") is None


def test_describes_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/cpuinfo").write_text(X86)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 5\0")
    (tmp_path / "proc/loadavg").write_text("0.42 0.1 0.1 1/99 1\n")
    lines = describe(tmp_path, 4)
    assert lines[:2] == ["board: Raspberry Pi 5", "cpu: Intel(R) Xeon(R) @ 2.1GHz, 4 cores"]
    assert "load at the start: 0.42" in lines


def test_an_empty_root_is_no_trouble(tmp_path: Path) -> None:
    assert describe(tmp_path, 2)[0].endswith("2 cores")

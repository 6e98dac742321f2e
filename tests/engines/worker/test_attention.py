"""To fuse or not to fuse."""

from edge.engines.worker.attention import Setting, available_memory, fuse
from edge.units import Bytes

QWEN = {"general.architecture": "qwen2", "qwen2.attention.head_count": "14"}
SETTING = Setting(n_ctx=32_768, n_ubatch=512, kv_type="f16", n_gpu_layers=0)
LARGE, SMALL = Bytes(20 * 10**9), Bytes(3 * 10**9)


def test_a_board_with_memory_goes_fast():
    fused, reason = fuse(QWEN, SETTING, LARGE)
    assert not fused
    assert "0.9 GB of scores" in reason


def test_a_board_without_saves():
    assert fuse(QWEN, SETTING, SMALL)[0]
    assert not fuse(QWEN, Setting(4096, 512, "f16", 0), SMALL)[0]


def test_where_there_is_no_choice():
    assert fuse(QWEN, Setting(4096, 512, "q8_0", 0), LARGE)[0]
    assert fuse(QWEN, Setting(4096, 512, "f16", 99), LARGE)[0]
    assert fuse({}, SETTING, LARGE)[0]
    assert fuse(QWEN, SETTING, None)[0]


def test_meminfo():
    assert available_memory("MemTotal: 10 kB\nMemAvailable:   8 kB\n") == 8192
    assert available_memory("MemTotal: 10 kB\n") is None

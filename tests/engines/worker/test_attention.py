"""What the plan says holds, except where llama.cpp cannot do it."""

from edge.engines.frames import Load
from edge.engines.worker.attention import last_word


def load(*, fused: bool, gpu_layers: int = 0, kv_type: str = "f16") -> Load:
    return Load("model.gguf", 4096, 256, 256, 2, gpu_layers, kv_type, 6, 4, fused=fused)


def test_the_plan_holds():
    assert last_word(load(fused=True)) == (True, [])
    assert last_word(load(fused=False)) == (False, [])


def test_what_llama_cpp_demands_comes_first_and_is_told():
    for order in (load(fused=False, gpu_layers=25), load(fused=False, kv_type="q8_0")):
        fused, reasons = last_word(order)
        assert fused
        assert reasons[0].startswith("attention: fused all the same")

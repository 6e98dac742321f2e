"""The tiny models really load, decode and speak through llama.cpp, in a process of their own."""

import json
import subprocess
import sys

import pytest

from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf

CHILD = """
import ctypes, json, sys
import llama_cpp as llama

quiet = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(quiet, ctypes.c_void_p(0))
llama.llama_backend_init()
parameters = llama.llama_model_default_params()
parameters.n_gpu_layers = 0
model = llama.llama_model_load_from_file(sys.argv[1].encode(), parameters)
assert model
vocab = llama.llama_model_get_vocab(model)
options = llama.llama_context_default_params()
options.n_ctx, options.n_threads, options.n_threads_batch = 256, 1, 1
context = llama.llama_init_from_model(model, options)
assert context
text = "<|im_start|>user\\nlist the files: h\\u00e9\\n<|im_end|>".encode()
room = (llama.llama_token * 256)()
count = llama.llama_tokenize(vocab, text, len(text), room, 256, False, True)
tokens = (llama.llama_token * count)(*room[:count])
result = llama.llama_decode(context, llama.llama_batch_get_one(tokens, count))

def piece(token):
    space = ctypes.create_string_buffer(64)
    length = llama.llama_token_to_piece(vocab, token, space, 64, 0, True)
    return space.raw[:length]

print(json.dumps({
    "result": result,
    "text": b"".join(map(piece, tokens)).decode(),
    "eos": llama.llama_vocab_eos(vocab),
    "n_ctx_train": llama.llama_model_n_ctx_train(model),
}))
"""


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_llama_cpp_loads_and_decodes(tmp_path, architecture):
    path = make_tiny_gguf(tmp_path / "tiny.gguf", architecture=architecture, n_ctx_train=512)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["result"] == 0
    assert said["text"] == "<|im_start|>user\nlist the files: h\u00e9\n<|im_end|>"
    assert said["n_ctx_train"] == 512


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_same_arguments_same_bytes(tmp_path, architecture):
    first, second, other = (
        make_tiny_gguf(tmp_path / name, architecture=architecture, seed=seed).read_bytes()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == second != other


def test_template_is_optional(tmp_path):
    bare = make_tiny_gguf(tmp_path / "bare.gguf", chat_template=None).read_bytes()
    tools = make_tiny_gguf(tmp_path / "tools.gguf", chat_template=CHATML_TOOLS).read_bytes()
    assert b"tokenizer.chat_template" not in bare
    assert CHATML_TOOLS.encode() in tools

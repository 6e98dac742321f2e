# Every command of this project. `make serve` and `make test` need only python3, gcc and make.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MODEL  ?=
PORT   ?= 4141

# llama.cpp is built for this machine's own CPU, without its multimodal library.
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF

.DEFAULT_GOAL := help
.PHONY: help serve check test test-all bench bench-agent bench-link bench-peers bench-plan bench-routes bench-tools clean

help:
	@echo "make serve [MODEL=coder]  set up and serve http://127.0.0.1:$(PORT)"
	@echo "make test                 set up and run what CI runs"
	@echo "make check                lint, types, layers"
	@echo "make test-all             also the tests that take many minutes"
	@echo "make bench                the engine beside raw llama.cpp and other servers (an hour)"
	@echo "make bench-plan           predicted memory and speed beside what workers take (half an hour)"
	@echo "make bench-routes         light or heavy work: the box's guess beside simpler rules (some minutes)"
	@echo "make bench-link           the hybrid router on good, bad and lost links, beside its peers (root)"
	@echo "make bench-tools          tool-call suite over the development models"
	@echo "make bench-agent          the real Claude Code client at thirty everyday tasks"

$(VENV)/.box: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3 lacks its venv module: install it (Debian: apt install python3-venv)"; exit 1; }
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[box]'
	@touch $@

$(VENV)/.test: $(VENV)/.box
	$(BIN)/pip install --quiet --editable '.[box,test]'
	@touch $@

serve: $(VENV)/.box
	$(BIN)/codriver serve --port $(PORT) --models-dir .models $(if $(MODEL),--model $(MODEL))

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.test
	$(BIN)/python -m pytest

test-all: $(VENV)/.test
	$(BIN)/python -m pytest -m ''

# What the benches serve: the development models, fetched once into the checkout.
CODER     := .models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf
CODER_1_5 := .models/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf

$(CODER): | $(VENV)/.test
	$(BIN)/codriver pull coder --models-dir .models

$(CODER_1_5): | $(VENV)/.test
	$(BIN)/codriver pull coder-1.5b --models-dir .models

# BENCH="--quick --rows decode,turn" measures less; --help says what else there is.
bench: $(CODER)
	$(BIN)/python -m tests.bench.engine.suite --model $(CODER) $(BENCH)

# llama-server and llama-cpp-python's server, built once; bench does it too.
bench-peers: $(VENV)/.test
	$(BIN)/python -m tests.bench.engine.peers

# What the plan predicts, memory and speed, against workers that are loaded so; half an hour.
# BENCH="--context 8192 --kv f16" measures less.
bench-plan: $(VENV)/.test
	$(BIN)/python -m tests.bench.plan.suite $(BENCH)

MINILM := .models/all-minilm-l6-v2-int8.onnx

$(MINILM): | $(VENV)/.test
	$(BIN)/codriver pull minilm --models-dir .models

# BENCH="--half development --wrong" looks at the requests that rules may be chosen on.
bench-routes: $(MINILM)
	$(BIN)/python -m tests.bench.routes.suite $(BENCH)

# BENCH="--rows latency,streams --quick" measures less; --help says what else there is.
bench-link: $(VENV)/.test
	$(BIN)/python -m tests.bench.link.suite $(BENCH)

bench-tools: $(CODER) $(CODER_1_5)
	$(BIN)/python -m tests.bench.tools.suite --model $(CODER) --model $(CODER_1_5)

# Small models run shell commands as you here: use a machine that may be lost.
bench-agent: $(CODER_1_5)
	$(BIN)/python -m tests.bench.agent.runner --set heldout --model $(CODER_1_5)

clean:
	rm -rf $(VENV) .models .clients .bench .mypy_cache .ruff_cache .pytest_cache

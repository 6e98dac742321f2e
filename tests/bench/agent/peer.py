"""llama-server in this process, by xllamacpp: the engine that codriver is measured beside.

Runs in xllamacpp's own environment, so it imports nothing of this project. Serves
/v1/messages until it is told to stop. Started by the bench:

    python peer.py --model FILE.gguf --port N [--context N] [--threads N] [--sampling k=v,...]
"""

from __future__ import annotations

import argparse
import signal
import sys
from threading import Event
from typing import Any

# Our names of the sampling settings, and llama-server's.
SAMPLING = {
    "temperature": "temp",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "repeat_penalty": "penalty_repeat",
    "seed": "seed",
}


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line of the peer process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--context", type=int, default=16384)
    parser.add_argument("--threads", type=int, default=-1)
    parser.add_argument("--sampling", default="")
    return parser.parse_args(argv)


def settings(spec: str) -> dict[str, float]:
    """Read "temperature=0.7,top_k=20"; an unknown name is a ValueError."""
    found: dict[str, float] = {}
    for pair in filter(None, spec.split(",")):
        name, _, value = pair.partition("=")
        if name not in SAMPLING:
            raise ValueError(f"unknown sampling setting {name!r}: one of {', '.join(SAMPLING)}")
        found[name] = int(value) if name in ("top_k", "seed") else float(value)
    return found


def parameters(options: argparse.Namespace) -> Any:
    """llama-server's parameters: one slot, Jinja on, everything unnamed as it ships."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_ctx = options.context
    params.n_parallel = 1
    params.use_jinja = True
    params.ui = False
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    for name, value in settings(options.sampling).items():
        setattr(params.sampling, SAMPLING[name], value)
    return params


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    import xllamacpp

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = xllamacpp.Server(parameters(arguments(argv)))
    print(f"peer: {server.listening_address}", flush=True)
    stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

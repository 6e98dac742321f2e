import subprocess
import sys
from pathlib import Path

import pytest

from edge.engines.worker.oom import OOM_SCORE_ADJ, offer_to_oom_killer


def score(root: Path, text: str) -> Path:
    file = root / "proc/self/oom_score_adj"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("before", "after"), [("0\n", "500"), ("-900\n", "500"), ("1000\n", "1000\n"), ("?", "?")]
)
def test_the_score_is_raised_never_lowered(tmp_path: Path, before: str, after: str):
    file = score(tmp_path, before)
    offer_to_oom_killer(tmp_path)
    assert file.read_text() == after


def test_a_system_without_scores_is_left_alone(tmp_path: Path):
    offer_to_oom_killer(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_kernel_takes_it():
    code = (
        "from pathlib import Path\n"
        "from edge.engines.worker.oom import offer_to_oom_killer\n"
        "offer_to_oom_killer()\n"
        "score = Path('/proc/self/oom_score_adj')\n"
        f"print(score.read_text() if score.exists() else {OOM_SCORE_ADJ})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(said.stdout) >= OOM_SCORE_ADJ

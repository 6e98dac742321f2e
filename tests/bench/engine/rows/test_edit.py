"""Edits against plain decoding."""

import pytest

from tests.bench.engine import workload
from tests.bench.engine.asks import STORY
from tests.bench.engine.pretend import PretendServer, pretend, prompt
from tests.bench.engine.rows import edit


class Editor(PretendServer):
    """Writes the file twice as fast as stories."""

    def ask(self, body, begun=None):
        story = STORY in prompt(body)
        self.says = None if story else f"```\n{workload.wanted()}```"
        self.step_s = 0.02 if story else 0.01
        return super().ask(body, begun)


def test_an_edit_twice_as_fast_is_met() -> None:
    result = edit.measure(pretend(ours=Editor(), peer=Editor("llama-server")))
    assert result.judged == pytest.approx(2)
    assert result.met
    assert [other.name for other in result.beside][1:] == [
        "llama-server ngram",
        "llama-server plain",
    ]


def test_an_answer_that_is_not_the_file_does_not_count() -> None:
    result = edit.measure(pretend(ours=PretendServer(says="No." * 100)))
    assert result.spoilt == "the answer has 0% of the file's lines"

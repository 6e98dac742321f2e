"""The bare loop on a tiny model that llama.cpp really loads."""

from pathlib import Path

import pytest

from tests.bench.engine.raw import command, raw
from tests.catalog.tiny_gguf import make_tiny_gguf

TEXT = "the file that you read and write to the list of files"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_gguf(tmp_path_factory.mktemp("bare") / "tiny.gguf")


def test_reads_writes_and_says_what_it_is(model: Path) -> None:
    with raw(command(model, 1, 512)) as loop:
        assert loop.about()["version"]
        assert loop.prefill(TEXT, 300) > 0
        first = loop.decode(TEXT, 300, 10)
        again = loop.decode(TEXT, 40, 5)
    assert len(first.times) == len(first.decode) == 10
    assert first.times == sorted(first.times)
    assert all(took > 0 for took in again.decode)


def test_many_answers_do_not_fill_the_context(model: Path) -> None:
    with raw(command(model, 1, 256)) as loop:
        for _ in range(5):
            assert len(loop.decode(TEXT, 100, 60).times) == 60

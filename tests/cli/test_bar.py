import io

import pytest

from edge.catalog.folder import FetchProgress
from edge.cli.bar import Bar
from edge.units import Bytes

MB = 1_000_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def report(done: int, total: int = 100, part: int = 1, parts: int = 1) -> FetchProgress:
    return FetchProgress("toy", Bytes(done * MB), Bytes(total * MB), part, parts)


def shown(stream: io.StringIO, *reports: FetchProgress, clock: list[float]) -> list[str]:
    times = iter(clock)
    with Bar("toy", stream, lambda: next(times)) as bar:
        for one in reports:
            bar(one)
    return stream.getvalue().replace("\r", "\n").splitlines()


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_terminal_gets_a_bar():
    lines = shown(Terminal(), report(0), report(50), report(100), clock=[0.0, 10.0, 20.0])
    assert [line.strip() for line in lines if line] == [
        f"[{' ' * 30}] 0.0 of 100.0 MB",
        f"[{'#' * 15}{' ' * 15}] 50.0 of 100.0 MB, 10 s left",
        f"[{'#' * 30}] 100.0 of 100.0 MB, 0 s left",
    ]
    assert all(len(line) < 80 for line in lines)


def test_it_is_not_written_to_more_often_than_eyes_see():
    reports = [report(number) for number in range(50)]
    lines = shown(Terminal(), *reports, clock=[number / 100 for number in range(50)])
    assert len([line for line in lines if line.strip()]) == 3


def test_parts_and_long_waits_are_told():
    said = shown(Terminal(), report(0, 10_000), report(1, 10_000, 2, 3), clock=[0.0, 1.0])
    assert said[-1].strip().endswith("1.0 of 10000.0 MB, 2.8 h left, part 2 of 3")


def test_an_unknown_length_has_no_bar():
    said = shown(Terminal(), report(0, 0), report(7, 0), clock=[0.0, 1.0])
    assert said[-1].strip().endswith("7.0 MB")


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "10")
    lines = shown(Terminal(), report(0), report(50), clock=[0.0, 1.0])
    assert max(map(len, lines)) < 10


def test_others_get_a_line_at_the_beginning_and_the_end():
    clock = [0.0, 1.0, 2.0]
    assert shown(io.StringIO(), report(20), report(50), report(100), clock=clock) == [
        "fetching toy: 100.0 MB, of which 20.0 MB are here",
        "toy: 100.0 MB have come",
    ]


def test_an_end_without_success_is_the_errors_to_tell():
    stream = io.StringIO()
    with pytest.raises(ValueError, match="x"), Bar("toy", stream, lambda: 0.0) as bar:
        bar(report(1, 0))
        raise ValueError("x")
    assert stream.getvalue() == "fetching toy: of unknown size, of which 1.0 MB are here\n"


def test_nothing_to_fetch_says_nothing():
    assert shown(io.StringIO(), clock=[]) == []

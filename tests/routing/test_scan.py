import threading

import pytest

from edge.routing.patterns import Patterns
from edge.routing.scan import IN_THREAD, OVERLAP, STRETCH, Found, Scan, Unread, stretches
from edge.routing.secrets import load_kinds
from edge.units import Seconds
from tests.routing.asked import asked

KINDS = load_kinds()


class Watched(Patterns):
    """Remembers what it was asked, and where."""

    def __init__(self, *patterns: str) -> None:
        super().__init__(patterns)
        self.read: list[str] = []
        self.threads: set[int] = set()

    def find(self, text: str) -> int | None:
        self.read.append(text)
        self.threads.add(threading.get_ident())
        return super().find(text)


def still() -> float:
    return 0.0


async def test_what_is_looked_for_is_found():
    scan = Scan(Patterns(["falcon"]), KINDS, still)
    assert await scan.read(asked("a heron")) is None
    assert await scan.read(asked("a falcon")) == Found(
        "pattern", "pattern 1 of privacy.never_cloud_patterns is in it"
    )
    secret = "AKIA" + "Q3EGRZ7NHB2WTX5D"
    assert await scan.read(asked(secret)) == Found("secret", "an AWS access key is in it")


async def test_nothing_looked_for_is_nothing_read():
    assert await Scan(None, (), still).read(asked("AKIA" + "Q3EGRZ7NHB2WTX5D")) is None


async def test_only_what_is_new_is_read():
    patterns = Watched("falcon")
    scan = Scan(patterns, (), still)
    await scan.read(asked("one", system="be kind"))
    patterns.read.clear()
    await scan.read(asked("one", "two", system="be kind"))
    assert patterns.read == ["two", "yes"]
    patterns.read.clear()
    await scan.read(asked("one", "two", system="be kind"))
    assert patterns.read == []


async def test_what_was_found_is_found_again():
    scan = Scan(Patterns(["falcon"]), (), still)
    for _ in range(2):
        assert isinstance(await scan.read(asked("falcon")), Found)


async def test_memory_is_bounded():
    patterns = Watched("falcon")
    scan = Scan(patterns, (), still, most_known=2)
    for text in ("a", "b", "c", "a"):
        await scan.read(asked(text))
    assert patterns.read == ["a", "b", "c", "a"]


async def test_long_texts_are_read_off_the_loop():
    patterns = Watched("falcon")
    scan = Scan(patterns, (), still)
    await scan.read(asked("short"))
    assert patterns.threads == {threading.get_ident()}
    patterns.threads.clear()
    await scan.read(asked((IN_THREAD + 1) * "a"))
    assert patterns.threads.isdisjoint({threading.get_ident()})


async def test_too_much_is_not_read_and_the_next_try_gets_further():
    ticks = iter(range(100))
    scan = Scan(Patterns(["falcon"]), (), lambda: next(ticks), most_seconds=Seconds(2.0))
    request = asked("a", "b", "c")
    assert await scan.read(request) == Unread("it is too much to search in 2 s")
    assert await scan.read(request) is None


class Broken(Patterns):
    def find(self, text: str) -> int | None:
        raise UnicodeEncodeError("utf-8", text, 0, 1, "surrogates not allowed")


async def test_a_search_that_fails_is_not_taken_for_nothing():
    found = await Scan(Broken([]), (), still).read(asked("x"))
    assert found == Unread("it could not be searched (UnicodeEncodeError)")


@pytest.mark.parametrize("length", [0, 1, STRETCH, STRETCH + 1, 3 * STRETCH, 1_000_003])
def test_stretches_cover_the_text_and_overlap(length: int):
    text = "".join(chr(97 + at % 26) for at in range(length))
    pieces = list(stretches(text))
    rebuilt = pieces[0] + "".join(piece[OVERLAP:] for piece in pieces[1:])
    assert rebuilt == text
    assert all(len(piece) <= STRETCH for piece in pieces)


async def test_a_secret_across_two_stretches_is_found():
    secret = "AKIA" + "Q3EGRZ7NHB2WTX5D"
    scan = Scan(None, KINDS, still)
    for before in range(STRETCH - 21, STRETCH + 1):
        assert isinstance(await scan.read(asked(before * "-" + secret)), Found)

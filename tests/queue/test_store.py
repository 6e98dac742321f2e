"""What becomes of a job, one transaction after the other."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.queue.jobs import FINISHED, OPEN, Fault, Standing, Wait
from edge.queue.store import Store
from tests.queue.made import HOUR, NOON, job

DAY = 24 * HOUR
FAULT = Fault("invalid_request_error", "max_tokens: too many")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "queue.db")
    yield made
    made.close()


def add(store: Store, *ids: str, batch: str = "", life: float = DAY, here: bool = False) -> None:
    jobs = [job(one.encode(), here=here, name=f"name-{one}" if batch else None) for one in ids]
    store.add(ids, jobs, NOON, NOON + life, batch)


def state(store: Store, one: str) -> str:
    found = store.job(one)
    assert found is not None
    return found.state


def take(store: Store, now: float = NOON, *, here: bool = True, away: bool = True) -> str | None:
    work = store.take(now, here=here, away=away)
    return None if work is None else work.job.id


def test_a_job_is_taken_asked_and_answered(store: Store):
    add(store, "a")
    work = store.take(NOON + 1, here=False, away=True)
    assert work is not None
    assert (work.body, work.path) == (b"a", "/v1/messages")
    assert work.headers == (("anthropic-version", "2023-06-01"),)
    assert (work.job.state, work.job.tries, work.job.started) == ("running", 1, NOON + 1)
    assert store.deliver("a", b"{}", "cloud", "it was first", NOON + 2)
    done = store.job("a")
    assert done is not None
    assert (done.state, done.engine, done.reason, done.ended) == (
        "done",
        "cloud",
        "it was first",
        NOON + 2,
    )
    assert store.answer("a") == b"{}"


def test_only_what_is_open_is_counted(store: Store):
    assert store.standing() == Standing()
    add(store, "a", "b", "c", "d")
    take(store)
    take(store)
    store.deliver("a", b"{}", "cloud", "", NOON + 2)
    assert store.standing() == Standing(waiting=2, running=1, oldest=NOON)
    for one in "bcd":
        store.cancel(one, NOON + 3)
    assert store.standing() == Standing()


def test_the_oldest_first_and_each_once(store: Store):
    add(store, "a", "b")
    add(store, "c")
    assert [take(store) for _ in range(4)] == ["a", "b", "c", None]


def test_only_of_the_kind_that_may_go(store: Store):
    add(store, "far")
    add(store, "near", here=True)
    assert take(store, away=False) == "near"
    assert take(store, away=False) is None
    assert take(store, here=False) == "far"


def test_a_second_answer_changes_nothing(store: Store):
    add(store, "a")
    take(store)
    assert store.deliver("a", b"first", "cloud", "", NOON)
    assert not store.deliver("a", b"second", "cloud", "", NOON)
    assert not store.fail("a", FAULT, NOON)
    assert not store.put_back("a", "late", Wait(NOON))
    assert not store.cancel("a", NOON)
    assert (store.answer("a"), state(store, "a")) == (b"first", "done")


def test_an_answer_to_a_cancelled_job_is_dropped(store: Store):
    add(store, "a")
    take(store)
    assert store.cancel("a", NOON)
    assert not store.deliver("a", b"late", "cloud", "", NOON)
    assert (store.answer("a"), state(store, "a")) == (None, "cancelled")


def test_a_refusal_is_kept_with_its_kind(store: Store):
    add(store, "a")
    take(store)
    assert store.fail("a", FAULT, NOON + 3)
    failed = store.job("a")
    assert failed is not None
    assert (failed.state, failed.fault, failed.ended) == ("failed", FAULT, NOON + 3)


def test_what_ran_when_the_box_stopped_is_asked_again(tmp_path: Path):
    first = Store(tmp_path / "queue.db")
    add(first, "a", "b")
    take(first)
    first.close()
    again = Store(tmp_path / "queue.db")
    assert state(again, "a") == "running"
    assert again.recover() == 1
    found = again.job("a")
    assert found is not None
    assert found.reason == "the box stopped while it was asked: it is asked again"
    assert [take(again), take(again)] == ["a", "b"]
    again.close()


def test_a_job_that_was_put_back_waits_and_the_next_has_its_turn(store: Store):
    add(store, "a", "b")
    take(store)
    assert store.put_back("a", "no link", Wait(NOON + 30))
    assert store.due(NOON) == NOON
    assert [take(store), take(store)] == ["b", None]
    assert store.due(NOON) == NOON + 30
    assert take(store, NOON + 30) == "a"
    assert store.due(NOON) is None


def test_a_link_that_is_back_ends_waits_but_for_those_that_a_server_named(store: Store):
    add(store, "a", "b")
    take(store)
    take(store)
    store.put_back("a", "no link", Wait(NOON + 900))
    store.put_back("b", "too many requests", Wait(NOON + 900, asked=True))
    store.forgive(NOON + 1)
    assert [take(store, NOON + 1), take(store, NOON + 1)] == ["a", None]


def test_jobs_expire_while_they_wait_and_not_while_they_are_asked(store: Store):
    add(store, "a", "b", life=HOUR)
    take(store)
    assert store.expire(NOON + HOUR - 1) == 0
    assert store.expire(NOON + HOUR) == 1
    assert (state(store, "a"), state(store, "b")) == ("running", "expired")
    assert store.deliver("a", b"late, but paid for", "cloud", "", NOON + HOUR + 1)


def test_a_job_whose_time_is_over_is_not_taken(store: Store):
    add(store, "a", life=HOUR)
    assert take(store, NOON + HOUR) is None


def test_a_clock_that_is_set_takes_no_time_from_what_waits(store: Store):
    add(store, "a", life=HOUR)
    store.shift(5 * DAY)
    assert store.expire(NOON + 5 * DAY + HOUR - 1) == 0
    assert take(store, NOON + 5 * DAY) == "a"


def test_what_ended_long_ago_goes_a_batch_as_a_whole(store: Store):
    add(store, "old", "new", "open")
    add(store, "x", "y", batch="b")
    for one, when in (("old", NOON), ("new", NOON + DAY), ("x", NOON), ("y", NOON + DAY)):
        store.cancel(one, when)
    assert store.forget(NOON + 1) == 1
    assert [one.id for one in store.jobs((*OPEN, *FINISHED), 9)] == ["new", "open", "x", "y"]
    assert store.forget(NOON + DAY + 1) == 2
    assert [one.id for one in store.jobs((*OPEN, *FINISHED), 9)] == ["open"]
    assert store.batch("b") is None


def test_room_is_given_back(store: Store):
    empty = store.stored()
    store.add(("a",), (job(b"x" * 500_000),), NOON, NOON + DAY, "")
    assert store.stored() > 500_000
    store.cancel("a", NOON)
    assert store.remove("a")
    assert store.stored() < empty + 50_000


def test_only_what_has_ended_is_removed(store: Store):
    add(store, "a")
    add(store, "x", "y", batch="b")
    assert not store.remove("a")
    assert not store.remove("b")
    assert not store.remove("nobody")
    store.cancel_batch("b", NOON)
    assert not store.remove("x"), "it is its batch's"
    assert store.remove("b")
    assert store.jobs_of("b") == ()


def test_a_batch_ends_with_its_last_job(store: Store):
    add(store, "x", "y", batch="b")
    take(store)
    store.deliver("x", b"{}", "cloud", "", NOON + 5)
    batch = store.batch("b")
    assert batch is not None
    assert (batch.ended, batch.cancelled, batch.count("queued")) == (None, None, 1)
    assert store.cancel_batch("b", NOON + 9) == ("y",)
    batch = store.batch("b")
    assert batch is not None
    assert (batch.ended, batch.cancelled) == (NOON + 9, NOON + 9)
    assert (batch.count("done"), batch.count("cancelled")) == (1, 1)
    assert [one.custom_id for one in store.jobs_of("b")] == ["name-x", "name-y"]


def test_batches_are_listed_from_the_newest_and_page_by_page(store: Store):
    for number in range(5):
        add(store, f"j{number}", batch=f"b{number}")
    listed = [one.id for one in store.batches(2)]
    assert listed == ["b4", "b3"]
    assert [one.id for one in store.batches(9, after="b3")] == ["b2", "b1", "b0"]
    assert [one.id for one in store.batches(2, before="b1")] == ["b3", "b2"]
    assert store.batches(9, after="nobody") == ()


def test_a_batch_is_there_as_a_whole_or_not_at_all(store: Store):
    add(store, "a")
    with pytest.raises(Exception, match="UNIQUE"):
        add(store, "x", "a", batch="b")
    assert store.batch("b") is None
    assert store.job("x") is None
    add(store, "y")


# --- power cuts -------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from edge.queue.store import Store
from tests.queue.made import job
store = Store(Path(sys.argv[1]))
store.recover()
number = int(sys.argv[2])
while True:
    store.add((f"j{number}",), (job(b"x" * 9000),), 1.0, 9e9, "")
    print("added", number, flush=True)
    work = store.take(2.0, here=True, away=True)
    store.deliver(work.job.id, b"y" * 9000, "cloud", "", 3.0)
    print("done", work.job.id, flush=True)
    number += 1
"""


def test_killed_anywhere_nothing_that_was_promised_is_lost(tmp_path: Path):
    """A process that is killed between any two of its writes, ten times over."""
    file = tmp_path / "queue.db"
    added: set[str] = set()
    done: set[str] = set()
    for turn in range(10):
        said = _killed_after(file, turn * 1000, lines=3 + 7 * turn % 20)
        added |= {f"j{words[1]}" for words in said if words[0] == "added"}
        done |= {words[1] for words in said if words[0] == "done"}
    store = Store(file)
    kept = {one.id: one for one in store.jobs((*OPEN, *FINISHED), 100_000)}
    assert added <= set(kept)
    assert all(kept[one].state == "done" for one in done)
    for one in kept.values():
        assert (store.answer(one.id) is not None) == (one.state == "done")
    store.close()


def _killed_after(file: Path, number: int, lines: int) -> list[list[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), str(number)],
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
    return [line.split() for line in said if line.endswith("\n")]


class Lives(RuleBasedStateMachine):
    """Whatever is called in whichever order: an answer is there exactly for what is done."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="codriver-queue-"))
        self.store = Store(self.folder / "queue.db")
        self.ids: list[str] = []
        self.first: dict[str, bytes] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(life=st.sampled_from([1.0, DAY]))
    def added(self, life: float) -> None:
        self.ids.append(f"j{len(self.ids)}")
        add(self.store, self.ids[-1], life=life)

    @rule()
    def taken(self) -> None:
        take(self.store)

    @rule(number=st.integers(0, 5), answer=st.binary(max_size=3))
    def delivered(self, number: int, answer: bytes) -> None:
        if number < len(self.ids) and self.store.deliver(self.ids[number], answer, "e", "", NOON):
            assert self.ids[number] not in self.first
            self.first[self.ids[number]] = answer

    @rule(number=st.integers(0, 5), act=st.sampled_from(["fail", "back", "cancel"]))
    def ended(self, number: int, act: str) -> None:
        if number >= len(self.ids):
            return
        one = self.ids[number]
        if act == "fail":
            self.store.fail(one, FAULT, NOON)
        elif act == "back":
            self.store.put_back(one, "", Wait(NOON))
        else:
            self.store.cancel(one, NOON)

    @rule()
    def expired(self) -> None:
        self.store.expire(NOON + HOUR)

    @rule()
    def restarted(self) -> None:
        self.store.close()
        self.store = Store(self.folder / "queue.db")
        self.store.recover()
        assert self.store.jobs(("running",), 9) == ()

    @invariant()
    def an_answer_for_what_is_done(self) -> None:
        for one in self.ids:
            found = self.store.job(one)
            assert found is not None
            assert (found.state == "done") == (one in self.first)
            assert self.store.answer(one) == self.first.get(one)
            assert (found.ended is None) == found.is_open


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)

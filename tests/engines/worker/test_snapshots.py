"""Which states of whole sequences are worth a file."""

from pathlib import Path

import pytest

from edge.engines.worker.blocks import Block, wholes_of
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Prefixes
from edge.engines.worker.snapshots import WORTH, Snapshots, policy_for
from edge.engines.worker.store import Store

TOKENS = list(range(1000))


@pytest.fixture
def made(tmp_path: Path):
    """Makes the snapshots of one folder, as a restart does."""
    stores: list[Store] = []

    def make(budget: int = 10**9) -> Snapshots:
        for store in stores:
            store.close()
        stores[:] = [Store(PrefixFiles(tmp_path, budget))]
        return Snapshots(stores[0], b"root", least=10)

    yield make
    for store in stores:
        store.close()


def wanted(snapshots: Snapshots, length: int, stable: int) -> list[int]:
    """A prompt comes; at which of its tokens its state would be kept."""
    blocks = snapshots.look(TOKENS[:length], stable, 0).keep
    return [b.end for b in blocks if snapshots.next_unsaved([b], b.end) is not None]


def stored(snapshots: Snapshots, *ends: int) -> None:
    for whole in wholes_of(b"root", TOKENS, ends):
        snapshots.store.save(whole.name, str(whole.end).encode())


def restored(snapshots: Snapshots, length: int, held: int = 0, stable: int = 0) -> list[Block]:
    return list(snapshots.look(TOKENS[:length], stable, held).restore)


def test_what_is_stable_is_kept_at_once(made):
    assert wanted(made(), 200, 100) == [100]


def test_a_prompt_that_comes_once_is_not_kept(made):
    assert wanted(made(), 200, 0) == []


def test_the_end_of_a_prompt_is_kept_when_the_prompt_goes_on_from_another(made):
    snapshots = made()
    wanted(snapshots, 200, 100)
    assert wanted(snapshots, 300, 100) == [100, 300]


def test_the_end_of_a_prompt_is_kept_when_it_comes_again(made):
    snapshots = made()
    wanted(snapshots, 200, 100)
    assert wanted(snapshots, 200, 100) == [100, 200]


def test_a_session_goes_on_after_a_restart(made):
    stored(made(), 100, 200)
    snapshots = made()
    assert [b.end for b in restored(snapshots, 300, stable=100)] == [200]
    assert wanted(snapshots, 300, 100) == [300]


def test_another_session_with_the_same_beginning_is_not_the_same_session(made):
    snapshots = made()
    stored(snapshots, 100)
    assert wanted(snapshots, 200, 100) == []


def test_a_growing_session_is_written_a_few_times_its_length(made):
    snapshots, written = made(), []
    for length in range(300, 1000, 10):
        for end in wanted(snapshots, length, 100):
            stored(snapshots, end)
            snapshots = made()
            written.append(end)
    assert written[0] == 100
    assert sum(written) < 1000 * (WORTH + 1)
    assert len(written) >= 5
    assert written[-1] > 1000 * (WORTH - 1) / WORTH


def test_short_beginnings_are_read_sooner_than_restored(made):
    assert wanted(made(), 200, 9) == []


def test_only_a_state_that_ends_there_can_be_kept(made):
    snapshots = made()
    blocks = snapshots.look(TOKENS[:200], 100, 0).keep
    assert snapshots.next_unsaved(blocks, 99) is None
    assert snapshots.next_unsaved(blocks, 101) is None
    assert snapshots.next_unsaved(blocks, 100) == blocks[0]


def test_the_longest_beginning_on_disk_is_restored(made):
    stored(made(), 100, 200, 300)
    snapshots = made()
    assert [b.end for b in restored(snapshots, 1000)] == [300]
    assert [b.end for b in restored(snapshots, 250)] == [200]
    assert [b.end for b in restored(snapshots, 1000, held=250)] == [300]
    assert restored(snapshots, 1000, held=300) == []
    assert [b.start for b in restored(snapshots, 1000)] == [0]


def test_the_last_token_is_always_computed(made):
    stored(made(), 100, 200)
    snapshots = made()
    assert [b.end for b in restored(snapshots, 200)] == [100]
    assert [b.end for b in restored(snapshots, 201)] == [200]


def test_a_beginning_that_is_another_is_not_restored(made):
    stored(made(), 200)
    snapshots = made()
    other = [*TOKENS[:150], 7, *TOKENS[151:300]]
    assert snapshots.look(other, 0, 0).restore == []


def test_what_is_on_its_way_is_not_kept_again(made):
    snapshots = made()
    wanted(snapshots, 200, 100)
    stored(snapshots, 100)
    assert wanted(snapshots, 200, 100) == [200]


def test_a_model_gets_the_policy_that_its_state_allows(made):
    store = made().store
    assert isinstance(policy_for(store, b"root", divisible=True), Prefixes)
    assert isinstance(policy_for(store, b"root", divisible=False), Snapshots)


def test_what_nobody_asked_for_is_not_kept_until_somebody_does(made):
    snapshots = made()
    (block,) = snapshots.look(TOKENS[:100], 100, 0, asked=False).keep
    assert snapshots.next_unsaved([block], 100) is None
    wanted(snapshots, 200, 100)
    assert snapshots.next_unsaved([block], 100) == block


def test_what_nobody_asked_for_is_restored_to_its_end(made):
    stored(made(), 100)
    snapshots = made()
    assert restored(snapshots, 100, stable=100) == []
    (whole,) = snapshots.look(TOKENS[:100], 100, 0, asked=False).restore
    assert whole.end == 100

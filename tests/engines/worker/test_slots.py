from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.slots import MIN_SHARED_TOKENS, Slots, common

SESSION = list(range(1000))


def take(slots: Slots, prompt: list[int], room: int = 10):
    seat = slots.seat(prompt, room)
    for slot in seat.evicted:
        slot.tokens = []
    seat.slot.tokens = list(prompt)
    return seat


def test_a_second_turn_continues_its_own_sequence():
    slots = Slots(4, 4000)
    first = take(slots, SESSION)
    second = take(slots, [*SESSION, 1, 2, 3])
    assert second.slot is first.slot
    assert second.kept == len(SESSION)
    assert second.copy_from is None


def test_the_last_prompt_token_is_always_read_again():
    slots = Slots(2, 4000)
    take(slots, SESSION)
    assert take(slots, SESSION).kept == len(SESSION) - 1


def test_a_short_side_request_leaves_the_session_alone():
    slots = Slots(4, 4000)
    session = take(slots, SESSION)
    side = take(slots, [5, 6, 7])
    assert side.slot is not session.slot
    assert session.slot.tokens == SESSION
    assert side.evicted == ()


def test_a_shared_beginning_is_copied_not_cut():
    slots = Slots(4, 4000)
    session = take(slots, SESSION)
    fork = take(slots, [*SESSION[:100], 7, 7, 7])
    assert fork.slot is not session.slot
    assert fork.copy_from == session.slot.sequence
    assert fork.kept == 100


def test_an_edited_conversation_cuts_its_own_sequence():
    slots = Slots(4, 4000)
    session = take(slots, SESSION)
    edited = take(slots, [*SESSION[:900], 7, 7])
    assert edited.slot is session.slot
    assert edited.kept == 900


def test_the_longest_unused_sequence_goes_when_memory_is_short():
    slots = Slots(4, 2500)
    old = take(slots, SESSION)
    young = take(slots, [*range(5000, 6000)])
    seat = take(slots, [*range(9000, 10000)])
    assert seat.evicted == (old.slot,)
    assert young.slot.tokens


def test_growing_evicts_others_only_when_needed():
    slots = Slots(2, 2001)
    take(slots, SESSION, room=0)
    active = take(slots, [*range(5000, 6000)], room=0)
    assert slots.make_room(active.slot) == ()
    active.slot.tokens.append(1)
    assert len(slots.make_room(active.slot)) == 1


def test_one_slot_is_enough():
    slots = Slots(1, 4000)
    take(slots, SESSION)
    seat = take(slots, [1, 2, 3])
    assert (seat.kept, seat.copy_from) == (0, None)


def test_common_beginning():
    assert common([1, 2, 3], [1, 2, 4]) == 2
    assert common([], [1]) == 0


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=120), min_size=1, max_size=12))
def test_a_seat_never_promises_what_is_not_there(prompts):
    slots = Slots(3, 300)
    held: dict[int, list[int]] = {}
    for prompt in prompts:
        seat = slots.seat(prompt, 10)
        for slot in seat.evicted:
            held[slot.sequence] = slot.tokens = []
        source = seat.slot.sequence if seat.copy_from is None else seat.copy_from
        if seat.kept:
            assert held.get(source, [])[: seat.kept] == prompt[: seat.kept]
        assert seat.kept < len(prompt)
        assert seat.copy_from is None or seat.kept >= MIN_SHARED_TOKENS
        held[seat.slot.sequence] = seat.slot.tokens = list(prompt)
        assert sum(len(tokens) for tokens in held.values()) <= 300

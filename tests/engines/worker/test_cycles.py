from edge.engines.worker.cycles import LONGEST_CYCLE, STUCK_AFTER, CycleWatch


def watch(tokens: list[int]) -> CycleWatch:
    made = CycleWatch()
    for token in tokens:
        made.add(token)
    return made


def test_the_next_token_of_a_circle_is_known():
    assert watch([9, 8, *[1, 2, 3] * 60]).next_token == 1
    assert watch([5] * (STUCK_AFTER + 1)).next_token == 5


def test_a_ruler_is_no_circle():
    assert watch([5] * 80).next_token is None


def test_another_token_ends_it():
    assert watch([*[1, 2] * 100, 7]).next_token is None


def test_long_circles_are_left_alone():
    assert watch([*range(LONGEST_CYCLE + 1)] * 20).next_token is None

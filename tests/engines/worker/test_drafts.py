"""When to draft."""

from edge.engines.worker.drafts import REST_STEPS, TRY_LENGTH, Drafts
from edge.engines.worker.pace import DRAFT_LENGTHS, Pace
from edge.units import Seconds

TEXT = list(range(40)) + list(range(3))


def pace(each: float) -> Pace:
    found = Pace(512, 512)
    for _ in range(40):
        for rows in (1, *(length + 1 for length in DRAFT_LENGTHS)):
            found.learn(rows, 0, Seconds(0.03 + (rows - 1) * each))
    return found


def test_what_pays_is_drafted():
    assert Drafts(pace(0.003), TEXT).propose()[:3] == [3, 4, 5]


def test_success_makes_drafts_longer_and_failure_shorter():
    drafts = Drafts(pace(0.003), TEXT)
    first = len(drafts.propose())
    drafts.judge(first, 0)
    drafts.judge(first, 0)
    shorter = len(drafts.propose())
    for _ in range(6):
        drafts.judge(8, 8)
    assert shorter <= first < len(drafts.propose()) <= DRAFT_LENGTHS[-1]
    assert (drafts.drafted, drafts.accepted) == (2 * first + 48, 48)


def test_what_is_copied_is_another_matter_than_what_is_alike():
    text = list(range(100))
    drafts = Drafts(pace(0.01), [*text, *([7, 8, 9] * 2), 200, *range(3)])
    for _ in range(9):
        drafts.judge(len(drafts.propose()), 0)
    assert drafts.propose() == []
    for token in range(3, 20):
        drafts.add(token)
    copied = drafts.propose()
    assert copied == list(range(20, 20 + len(copied)))
    for _ in range(3):
        drafts.judge(len(copied), len(copied))
    assert len(drafts.propose()) == DRAFT_LENGTHS[-1]


def test_what_does_not_pay_rests_and_is_tried_again():
    drafts = Drafts(pace(0.03), TEXT)
    assert drafts.propose() == []
    resting = [drafts.propose() for _ in range(REST_STEPS)]
    assert resting[:-1] == [[]] * (REST_STEPS - 1)
    assert len(resting[-1]) == TRY_LENGTH


def test_the_answer_itself_is_text_before():
    drafts = Drafts(pace(0.003), [50, 51])
    for token in (1, 2, 3, 4, 1, 2, 3):
        drafts.add(token)
    assert drafts.propose()[:1] == [4]

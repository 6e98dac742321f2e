"""When to draft."""

from edge.engines.worker.costs import Stretch
from edge.engines.worker.drafts import Drafts
from edge.engines.worker.pace import DRAFT_LENGTHS, Pace
from edge.units import Seconds

TEXT = list(range(40)) + list(range(3))


def pace(each: float) -> Pace:
    found = Pace(512, 512)
    for _ in range(40):
        for rows in (1, *(length + 1 for length in DRAFT_LENGTHS)):
            found.learn([Stretch(rows, 0)], [], Seconds(0.03 + (rows - 1) * each))
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
    drafts = Drafts(pace(0.01), [*text, 200, *range(3)])
    drafts.judge(len(drafts.propose()), 0)
    assert drafts.propose() == []
    for token in range(3, 20):
        drafts.add(token)
    copied = drafts.propose()
    assert copied == list(range(20, 20 + len(copied)))
    for _ in range(9):
        drafts.judge(len(copied), len(copied))
    assert len(drafts.propose()) == DRAFT_LENGTHS[-1]


def test_what_does_not_pay_is_judged_without_being_decoded():
    """Ten tokens cost nothing to guess; once they were right, drafting begins."""
    drafts = Drafts(pace(0.02), [*range(100, 140), *range(100, 103)])
    drafted = []
    for token in range(103, 140):
        drafted.append(len(drafts.propose()))
        drafts.add(token)
    assert drafted[:3] == [0, 0, 0]
    assert drafted[-1] > 0
    assert drafts.drafted == 0


def test_wrong_guesses_end_drafts():
    drafts = Drafts(pace(0.01), [*range(9)] * 3)
    for wrong in range(500, 530):
        drafts.judge(len(drafts.propose()), 0)
        drafts.add(wrong)
        for token in range(9):
            drafts.add(token)
    assert drafts.propose() == []


def test_the_answer_itself_is_text_before():
    drafts = Drafts(pace(0.003), [50, 51])
    for token in (1, 2, 3, 4, 1, 2, 3):
        drafts.add(token)
    assert drafts.propose()[:1] == [4]

"""What a job is called, and what is counted of a batch."""

from edge.queue.jobs import FINISHED, OPEN, Batch, job_id


def test_an_id_can_be_typed():
    assert job_id(b"\0\0\0\0\0") == "aaaaaaaa"
    assert job_id(b"\xff\xff\xff\xff\xff") == "77777777"
    assert job_id(b"\1\2\3\4\5").isalnum()


def test_a_state_is_open_or_finished():
    assert not set(OPEN) & set(FINISHED)


def test_states_are_counted_together():
    batch = Batch("b", 0.0, 1.0, (("queued", 2), ("running", 1), ("done", 4)))
    assert batch.count(*OPEN) == 3
    assert batch.count("failed") == 0

"""What a job may take, and whether it speaks."""

import threading

from edge.engines.worker.job import Job
from edge.engines.worker.silence import silent_order
from edge.engines.worker.weighing import Weighing


def job(**more) -> Job:
    return Job(silent_order(3), [1, 2], threading.Event(), **more)


def test_an_answer_takes_what_it_needs_and_others_are_modest():
    question = Weighing(3, ((1,), (2,)), 1)
    assert (job().takes, job().is_silent) == ("any", False)
    assert (job(warm=True).takes, job(warm=True).is_silent) == ("nothing", True)
    assert (job(question=question).takes, job(question=question).is_silent) == ("oldest", True)
    assert job().id == 3

"""Prompts that wait for a link: what is kept of each, and in which state it is.

Knows neither dialects nor engines nor HTTP; a job is bytes with a few words about them. The api
adds and reads, the runner in app takes and delivers, and all of it goes through one Desk.
"""

from edge.queue.desk import Desk
from edge.queue.jobs import Batch, Fault, Job, NewJob, Work

__all__ = ["Batch", "Desk", "Fault", "Job", "NewJob", "Work"]

"""What the inference loop has done since the worker started, as named counts.

Written by the inference thread only; told to the daemon now and then.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

TELL_SECONDS = 1.0
"""Time between two tellings at least."""


@dataclass(slots=True)
class Tally:
    """Counts only ever grow; the rest is how things are now."""

    answers_total: int = 0
    prompt_tokens_read_total: int = 0
    prompt_tokens_reused_total: int = 0
    prompt_tokens_restored_total: int = 0
    warm_ups_total: int = 0
    warm_tokens_read_total: int = 0
    warm_tokens_restored_total: int = 0
    questions_total: int = 0
    answer_tokens_total: int = 0
    tokens_drafted_total: int = 0
    tokens_accepted_total: int = 0
    draft_model_tokens_drafted_total: int = 0
    draft_model_tokens_accepted_total: int = 0
    draft_model_tokens_read_total: int = 0
    draft_model_seconds_total: float = 0.0
    draft_model_on: int = 0
    decodes_total: int = 0
    decode_seconds_total: float = 0.0
    answers_running: int = 0
    requests_waiting: int = 0
    context_cells_used: int = 0
    threads: int = 0
    threads_reading: int = 0
    prefix_bytes_on_disk: int = 0
    prefix_bytes_written_total: int = 0
    prefix_bytes_read_total: int = 0
    prefix_files_set_aside_total: int = 0
    prefix_disk_errors_total: int = 0

    def warmed(self, read: int, restored: int) -> None:
        """A warm-up is over that brought so many tokens."""
        self.warm_ups_total += 1
        self.warm_tokens_read_total += read
        self.warm_tokens_restored_total += restored

    def measures(self) -> dict[str, float]:
        """Every count by its name."""
        return {name: float(value) for name, value in asdict(self).items()}

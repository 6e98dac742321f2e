"""Every task of both sets: its checker refuses what was laid out and takes the solution."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.agent.task import CATEGORIES, Task, lay_out
from tests.bench.agent.tasks_dev import TASKS as DEV
from tests.bench.agent.tasks_heldout import TASKS as HELDOUT

TASKS = (*DEV, *HELDOUT)
# Numbers, not names: what is held out is not told by a test's output either.
IDS = [f"dev-{n}" for n in range(len(DEV))] + [f"heldout-{n}" for n in range(len(HELDOUT))]
ALL = [pytest.param(task, id=name) for task, name in zip(TASKS, IDS, strict=True)]
KEEPING = [pytest.param(task, id=name) for task, name in zip(TASKS, IDS, strict=True) if task.kept]


@pytest.mark.parametrize("task", ALL)
def test_untouched_is_refused(task: Task, tmp_path: Path) -> None:
    lay_out(task.files, tmp_path)
    assert task.passed(tmp_path, "") is False
    assert task.passed(tmp_path, "Done.") is False


@pytest.mark.parametrize("task", ALL)
def test_solution_passes(task: Task, tmp_path: Path) -> None:
    lay_out(task.files, tmp_path)
    task.solution.apply(tmp_path)
    assert task.passed(tmp_path, task.solution.answer) is True


@pytest.mark.parametrize("task", KEEPING)
def test_a_file_to_keep_is_kept(task: Task, tmp_path: Path) -> None:
    lay_out(task.files, tmp_path)
    task.solution.apply(tmp_path)
    touched = tmp_path / task.kept[0]
    touched.write_text(touched.read_text() + "\n# touched\n")
    assert task.passed(tmp_path, task.solution.answer) is False


def test_sets_are_complete_and_strangers() -> None:
    names = [task.name for task in TASKS]
    prompts = [task.prompt for task in TASKS]
    assert len(DEV) == 32
    assert len(HELDOUT) >= 36
    assert len(set(names)) == len(names)
    assert len(set(prompts)) == len(prompts)


@pytest.mark.parametrize(
    ("tasks", "least"),
    [(DEV, 2), (HELDOUT, len(HELDOUT) // len(CATEGORIES))],
    ids=["dev", "heldout"],
)
def test_every_category_has_its_share(tasks: tuple[Task, ...], least: int) -> None:
    counts = Counter(task.category for task in tasks)
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= least


@pytest.mark.parametrize("task", ALL)
def test_kept_files_are_laid_out_and_not_solved(task: Task) -> None:
    assert set(task.kept) <= set(task.files)
    assert not set(task.kept) & set(task.solution.files)


def test_tasks_are_values() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEV[0].name = "x"  # type: ignore[misc]

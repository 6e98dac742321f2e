"""The file that is written again, and whether it was."""

from tests.bench.engine import workload


def test_the_file_has_its_lines_and_the_change_is_one() -> None:
    before, after = workload.source().splitlines(), workload.wanted().splitlines()
    assert len(before) == len(after) == 200
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_likeness() -> None:
    whole = f"Here it is:\n```python\n{workload.wanted()}```\nDone."
    assert workload.likeness(whole) == 1
    assert workload.likeness(workload.wanted()) == 1
    half = "\n".join(workload.wanted().splitlines()[:100])
    assert 0.45 < workload.likeness(f"```\n{half}\n```") < 0.55
    assert workload.likeness("I cannot do that.") == 0

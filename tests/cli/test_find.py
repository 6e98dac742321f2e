"""``codriver find``'s command line; that it finds is shown in tests/system."""

import argparse

import pytest

from edge.cli.find import add_to
from tests.cli.command import Run


def test_three_seconds_for_people_unless_said_otherwise():
    parser = argparse.ArgumentParser()
    add_to(parser)
    assert vars(parser.parse_args([])) | {"run": None} == {
        "json": False,
        "seconds": 3.0,
        "run": None,
    }
    assert parser.parse_args(["--json", "--seconds", "0.5"]).seconds == 0.5


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon", ""])
def test_seconds_that_are_none(codriver: Run, seconds: str):
    said = codriver("find", f"--seconds={seconds}")
    assert said.code == 2
    assert f"--seconds: expected a number from 0.1 to 3600, got '{seconds}'" in said.err

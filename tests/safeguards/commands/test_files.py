"""Changing files of the tree."""

import pytest

from tests.safeguards.samples import passes


@pytest.mark.parametrize(
    "command",
    ["cp -r a b", "mv a b sub/", "tee a < b", "chmod u+x a", "tar -czf x.tgz src", "tar tzf x.tgz"],
)
def test_inside_the_tree_passes(command):
    assert passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "cp a ..",
        "cp -t .. a",
        "cp -rL a b",
        "mv ../a .",
        "mv .git old",
        "tee ../a",
        "chmod 777 a",
        "chmod -R u+x .",
        "tar xzf x.tgz",
        "tar -cf x.tar -I id a",
        "touch .husky/pre-commit",
    ],
)
def test_outside_and_later_is_held(command):
    assert not passes(command)

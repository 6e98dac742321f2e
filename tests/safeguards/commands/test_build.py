"""Build and test runners: their everyday use passes, other programs and places do not."""

import pytest

from tests.safeguards.samples import passes


@pytest.mark.parametrize(
    "command",
    [
        "make -C sub test V=1",
        "npm run build -- --mode test",
        "go test -run TestA ./...",
        "gcc -Iinclude -DX=1 -Wall -lm -o app a.c",
        "cmake --build build --target app",
        "pytest tests/test_a.py::test_b",
    ],
)
def test_building_passes(command):
    assert passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "make CC=./x",
        "make -C ..",
        "make deploy",
        "npm run build --script-shell=./x",
        "npm run publish:all",
        "go test -exec ./x ./...",
        "go run example.invalid/x",
        "gcc -I/etc a.c",
        "gcc -fplugin=./x.so a.c",
        "cmake --build build --target install",
        "pytest @options",
        "pytest --cov-report=html:/home/dev/x",
        "pytest --cov-report=html:../x",
        "eslint --format /home/dev/x.js src",
        "java -cp src:/home/dev/x Main",
        "yarn run node -e x",
        "pytest /home/dev/other",
        "cargo run -- /etc/passwd",
    ],
)
def test_other_programs_and_places_are_held(command):
    assert not passes(command)

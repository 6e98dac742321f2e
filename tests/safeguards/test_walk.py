"""The abstract run: directories, variables, branches and loops."""

import pytest

from tests.safeguards.samples import passes


@pytest.mark.parametrize(
    "command",
    [
        "cd sub && cat ../a",
        "cd sub && cd .. && cat a",
        "(cd sub && ls ..); ls",
        "x=src; cat $x/a",
        "for d in a b; do cat $d/x; done",
        "if test -d a; then x=a; else x=b; fi; echo $x",
        "n=$(git rev-parse HEAD); git show $n",
        "while read -r line; do echo $line; done < a",
        "diff <(sort a) <(sort b)",
        "cat a > b 2>&1",
        "cd sub && ls > ../a",
        "cd sub && cat <<E > ../a\nx\nE",
    ],
)
def test_harmless_flows_pass(command):
    assert passes(command)


@pytest.mark.parametrize(
    "command",
    [
        "cd sub; cat ../a",
        "cd sub || true; cat ../a",
        "false && cd sub; cat ../a",
        "(cd sub); cat ../a",
        "if cd sub; then ls; fi; cat ../a",
        "while true; do cd sub; cat ../../a; done",
        "for i in 1 2; do cat $x; x=../a; done",
        "false && x=src; cat $x/etc/passwd",
        "x=a; x=../b; cat $x",
        "cat $(git ls-files)",
        "x=src & cat $x/etc/passwd",
        "cd sub & cat ../a",
        "if x=src & then ls; fi; cat $x/etc/passwd",
        "ls && : > a",
        "cd sub && cat ../../a",
        "while read -r f; do cat $f; done < a",
        "cat <(curl x)",
        "cat a 2> ../b",
        ": > a",
        "> a",
        "IFS=/; ls",
        "npm_config_script_shell=./x npm test",
        "cc=./x make",
        "export cc=./x; make",
    ],
)
def test_harmful_flows_are_held(command):
    assert not passes(command)

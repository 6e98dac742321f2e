"""What the pages tell people to type works: commands, options, configuration, links, the paste."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge.catalog.models import find, load_catalog
from edge.cli import _parse
from edge.config import load
from tests.docs.documents import (
    PAGES,
    ROOT,
    blocks,
    command_lines,
    links,
    make_targets,
    text_of,
    toml_blocks,
)
from tests.system.daemon import Daemon, started

README = Path("README.md")
MAKEFILE = (ROOT / "Makefile").read_text()
SAMPLES = {"FILE.gguf|NAME": "coder", "FILE": "codriver.toml", "H": "127.0.0.1", "DIR": "."}
"""What stands for a usage line's placeholders; a number for all others."""

# What a client does with the environment that the page sets.
CLIENT = """
import http.client, json, os
from urllib.parse import urlsplit
at = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
body = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
key = {"Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]}
connection.request("POST", "/v1/messages", json.dumps(body), key)
answer = connection.getresponse()
print(answer.status, json.loads(answer.read())["content"][0]["text"])
"""


def every(read: object, pages: tuple[Path, ...] = PAGES) -> list[object]:
    """One case for each thing of that kind on each page."""
    return [
        pytest.param(page, item, id=f"{page}: {str(item).splitlines()[0]}")
        for page in pages
        for item in dict.fromkeys(read(page))  # type: ignore[operator]
    ]


def test_the_readme_shows_something_of_each_kind():
    assert {line.split()[1] for line in command_lines(README)} == {
        "serve",
        "plan",
        "probe",
        "pull",
        "models",
        "rm",
        "quantize",
        "find",
        "queue",
        "config",
        "explain",
        "budget",
        "import-ccr",
    }
    assert toml_blocks(README)
    assert {"serve", "test"} <= set(make_targets(README))


@pytest.mark.parametrize(("page", "line"), every(command_lines))
def test_a_command_and_its_options_parse(page: Path, line: str):
    words = line.replace("[", " ").replace("]", " ").split()[1:]
    typed = [
        SAMPLES.get(word, "1") if word.isupper() or word in SAMPLES else word for word in words
    ]
    assert callable(_parse(typed).run)


@pytest.mark.parametrize(("page", "block"), every(toml_blocks))
def test_a_configuration_loads(tmp_path: Path, page: Path, block: str):
    file = tmp_path / "codriver.toml"
    file.write_text(block.replace("...", "/etc/codriver/key"))
    assert load(file) != load(None)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_word_that_a_key_is_said_to_take_is_taken(tmp_path: Path, page: Path):
    file = tmp_path / "codriver.toml"
    for table, key, words in re.findall(r"`\[([\w.]+)\] (\w+) = (\"[^`]+\")`", text_of(page)):
        for word in words.split(" | "):
            file.write_text(f"[{table}]\n{key} = {word}\n")
            load(file)


@pytest.mark.parametrize(("page", "target"), every(make_targets))
def test_a_make_target_exists(page: Path, target: str):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert re.search(rf"^\.PHONY:.* {target}\b", MAKEFILE, re.MULTILINE)


def test_every_make_target_that_help_lists_exists():
    said = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    targets = re.findall(r"^make ([a-z-]+)", said.stdout, re.MULTILINE)
    assert set(targets) >= set(make_targets(README))
    for target in targets:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_model_that_is_named_is_known(page: Path):
    for name in re.findall(r"MODEL=([a-z][\w.-]*\w)", text_of(page)):
        assert find(name, load_catalog()) is not None, name


@pytest.mark.parametrize(("page", "target"), every(links))
def test_a_link_leads_somewhere(page: Path, target: str):
    assert (ROOT / page.parent / target).exists()


# --- the paste ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def box() -> Daemon:
    with started("--fake", "--port", "0") as daemon:
        daemon.wait_up()
        assert daemon.heard("ANTHROPIC_AUTH_TOKEN")
        yield daemon


def asks(script: str) -> str:
    """The last line of a shell script in which ``claude`` is a client that asks one thing."""
    client = f"claude() {{ \"{sys.executable}\" -c '{CLIENT}'; }}\n"
    done = subprocess.run(
        ["sh", "-e", "-c", client + script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_readmes_line_is_what_the_defaults_serve(box: Daemon):
    (line,) = (
        line for block in blocks(README) for line in block.splitlines() if line.endswith(" claude")
    )
    server = load(None).server
    assert f"http://{server.host}:{server.port} " in line
    assert asks(line.replace(f"http://{server.host}:{server.port}", box.url)) == (
        "200 Hello from codriver."
    )


def test_the_two_lines_that_serve_prints_can_be_pasted(box: Daemon):
    lines = re.findall(r"^    (export .*)$", box.said, re.MULTILINE)
    assert len(lines) == 2
    assert asks("\n".join([*lines, "claude"])) == "200 Hello from codriver."


def test_a_usage_line_would_notice_a_wrong_option():
    with pytest.raises(SystemExit):
        test_a_command_and_its_options_parse(README, "codriver plan [--jason]")


def test_pages_are_found():
    assert README in PAGES
    assert Path("docs/agents.md") in PAGES
    assert len(list(itertools.chain.from_iterable(map(blocks, PAGES)))) > 5

"""Prompts over Claude Code's own tools, as a developer would write them. Pure data."""

from __future__ import annotations

from tests.bench.tools.case import Case

SYSTEM = "You are a coding agent.\nCWD: /home/dev/shop\nDate: 2026-11-22"
BARE = ("Bash", "Edit", "Read")
FILES = ("Bash", "Edit", "Read", "Write", "Grep", "Glob")
ALL = (*FILES, "NotebookEdit", "WebFetch", "WebSearch")


def _case(name: str, offered: str | tuple[str, ...], prompt: str, right: str) -> Case:
    tools = (offered,) if isinstance(offered, str) else offered
    return Case(f"cc-{name}", tools, prompt, frozenset(right.split()), SYSTEM)


SINGLE: tuple[Case, ...] = (
    _case("ls", "Bash", "List the files in the current directory.", "Bash"),
    _case("pytest", "Bash", "Run the tests with pytest.", "Bash"),
    _case("git-status", "Bash", "Show me the git status.", "Bash"),
    _case("disk", "Bash", "How much disk space is free? Use df.", "Bash"),
    _case("mkdir", "Bash", "Create the directory build/cache.", "Bash"),
    _case("count", "Bash", "Count the lines of all .py files under src.", "Bash"),
    _case("quotes", "Bash", 'Print the text She said "it\'s fine" with echo.', "Bash"),
    _case("regex", "Bash", r"Use grep to find lines that match \d+\.\d+ in CHANGES.txt.", "Bash"),
    _case("awk", "Bash", "Sum the second column of data.csv with awk.", "Bash"),
    _case("find", "Bash", "Find all files larger than 10 MB below this directory.", "Bash"),
    _case("read", "Read", "Show me /home/dev/shop/README.md.", "Read"),
    _case("read-part", "Read", "Read 20 lines of /home/dev/shop/app.log from line 100.", "Read"),
    _case("read-main", "Read", "What is in /home/dev/shop/main.py?", "Read"),
    _case("read-pdf", "Read", "Read pages 3-5 of /home/dev/shop/manual.pdf.", "Read"),
    _case(
        "edit-sign",
        "Edit",
        "In /home/dev/shop/calc.py replace `return a - b` by `return a + b`.",
        "Edit",
    ),
    _case(
        "edit-all",
        "Edit",
        "Replace every occurrence of colour by color in /home/dev/shop/style.css.",
        "Edit",
    ),
    _case(
        "edit-lines",
        "Edit",
        "In /home/dev/shop/app.py replace\n\ndef run():\n    pass\n\nby\n\n"
        'def run():\n    print("running")\n',
        "Edit",
    ),
    _case(
        "edit-json",
        "Edit",
        'In /home/dev/shop/package.json change "version": "1.0.0" to "version": "1.1.0".',
        "Edit",
    ),
    _case(
        "write-hello",
        "Write",
        "Write a Python program that prints hello to /home/dev/shop/hello.py.",
        "Write",
    ),
    _case(
        "write-json",
        "Write",
        'Create /home/dev/shop/config.json with {"port": 8080, "debug": true}.',
        "Write",
    ),
    _case(
        "write-html",
        "Write",
        'Create /home/dev/shop/index.html: a page with the title Shop and <a href="/cart">.',
        "Write",
    ),
    _case("grep-todo", "Grep", "Find every TODO in the Python files.", "Grep"),
    _case("grep-count", "Grep", "Count how often import os occurs in each file of src.", "Grep"),
    _case("grep-context", "Grep", "Show def main with 3 lines before and after it.", "Grep"),
    _case("glob-py", "Glob", "Which Python files are in this project?", "Glob"),
    _case("glob-tests", "Glob", "List all files named test_*.py under tests.", "Glob"),
    _case("fetch", "WebFetch", "Fetch https://example.org/changes and summarise it.", "WebFetch"),
    _case("search", "WebSearch", "Search the web for the newest Python release.", "WebSearch"),
    _case(
        "notebook",
        "NotebookEdit",
        "Replace cell c3 of /home/dev/shop/plot.ipynb by the code: print(1)",
        "NotebookEdit",
    ),
)

MULTI: tuple[Case, ...] = (
    _case("bare-ls", BARE, "What files are here?", "Bash"),
    _case("bare-read", BARE, "Show me the contents of config.toml.", "Read Bash"),
    _case("bare-run", BARE, "Run server.py and tell me what it prints.", "Bash Read"),
    _case("bare-fix", BARE, "The function add in calc.py subtracts. Fix it.", "Read Edit Bash"),
    _case("bare-create", BARE, "Create hello.py that prints hello.", "Bash Edit"),
    _case("bare-rename", BARE, "Rename load to read in io_tools.py.", "Read Edit Bash"),
    _case("bare-git", BARE, "Commit all changes with the message: fix typo", "Bash"),
    _case("files-create", FILES, "Create notes.md with the heading Notes.", "Write Bash"),
    _case("files-search", FILES, "Where is the function parse_args defined?", "Grep Bash"),
    _case("files-list", FILES, "Which YAML files does this project have?", "Glob Bash"),
    _case("files-tests", FILES, "Run the unit tests.", "Bash"),
    _case("files-open", FILES, "Open /home/dev/shop/src/cart.py.", "Read"),
    _case("all-web", ALL, "Search the web for how to parse TOML in Python.", "WebSearch"),
    _case("all-fetch", ALL, "What does https://example.org/api.html say on limits?", "WebFetch"),
    _case("all-shell", ALL, "Show the last five commits.", "Bash"),
    _case("all-read", ALL, "Read /home/dev/shop/LICENSE and tell me the licence.", "Read"),
)

NONE: tuple[Case, ...] = (
    _case("no-thanks", BARE, "Thanks, that was all for today!", ""),
    _case("no-maths", BARE, "What is 7 times 8? Just answer.", ""),
    _case("no-concept", BARE, "Explain in two sentences what a mutex is.", ""),
    _case("no-hello", "Bash", "Hello! How are you?", ""),
    _case("no-opinion", FILES, "Is snake_case or camelCase usual in Python?", ""),
    _case("no-meaning", "Read", "What does HTTP stand for?", ""),
    _case("no-explain", ALL, "What is the difference between a list and a tuple?", ""),
)

CASES: tuple[Case, ...] = (*SINGLE, *MULTI, *NONE)

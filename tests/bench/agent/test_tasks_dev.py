"""The development tasks: other right ends are taken, likely wrong ones are refused."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.bench.agent.dev import edit_one, run
from tests.bench.agent.task import Solution, Task, lay_out
from tests.bench.agent.tasks_dev import TASKS

BY_NAME = {task.name: task for task in TASKS}


def edit(name: str, path: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """The file of a task's solution, or of its start, with each first text made the second."""
    task = BY_NAME[name]
    text = task.solution.files.get(path) or task.files[path]
    for old, new in pairs:
        assert old in text, (name, old)
        text = text.replace(old, new)
    return {path: text}


def page(body: str, title: str = "My Recipes") -> dict[str, str]:
    return {"index.html": f"<html><head><title>{title}</title></head><body>{body}</body></html>"}


def links(*names: str) -> str:
    return "".join(f'<li><a href="{name}">the {name}</a>' for name in names)


ALL_LINKS = links("cake.html", "./soup.html", "bread.html")
TEN = "    def test_ten_percent(self):\n        self.assertEqual(discounted(100, 10), 90)\n"
WORKFLOW = ".github/workflows/test.yml"
FILTERED = edit_one._STOCK.replace(
    "sorted(self._pieces)", "sorted(name for name, n in self._pieces.items() if n)"
)

RIGHT: list[tuple[str, Solution]] = [
    (
        "backup-script",
        Solution(
            {
                "backup.sh": 'if [ ! -d "backup" ]; then\n  mkdir backup\nfi\n'
                'for file in notes/*.txt; do\n  cp -v "$file" "backup/"\ndone\necho Finished\n'
            }
        ),
    ),
    (
        "backup-script",
        Solution(
            {
                "backup.sh": 'cd "$(dirname "$0")" || exit 1\nmkdir backup\n'
                "find notes -name '*.txt' -exec cp {} backup \\;\n"
            }
        ),
    ),
    (
        "team-table",
        Solution(
            {"data/team.csv": '"name", "age", "city"\r\nBea,40,Graz\nCarlos,29,Porto\nAnn,31,Oslo'}
        ),
    ),
    (
        "discount-tests",
        Solution(
            {
                "test_discount.py": "import unittest\nimport discount\n\n"
                "class T(unittest.TestCase):\n  def test_all(self):\n"
                "    for price, percent, end in ((100, 10, 90), (7, 0, 7)):\n"
                "      self.assertAlmostEqual(discount.discounted(price, percent), end)\n"
                "    self.assertRaises(ValueError, discount.discounted, 10, 150)\n"
            }
        ),
    ),
    ("recipe-page", Solution(page(f"<h1>\n My Recipes</h1><ul class=a>{ALL_LINKS}</ul>"))),
    (
        "database-timeout",
        Solution(edit("database-timeout", "deploy/prod/server.ini", (" 120", "120"))),
    ),
    (
        "database-timeout",
        Solution(
            edit("database-timeout", "deploy/prod/server.ini", ("= 120", "= 120  ; two minutes"))
        ),
    ),
    ("last-piece", Solution({"shop/stock.py": FILTERED})),
    (
        "last-piece",
        Solution(
            {
                "shop/stock.py": edit_one._STOCK.replace(
                    edit_one._TAKEN,
                    "        left = self._pieces.pop(name) - pieces\n"
                    "        if left:\n            self._pieces[name] = left\n",
                )
            }
        ),
    ),
    (
        "spaces-in-names",
        Solution(
            {
                "tools/linecount.sh": edit_one._LINECOUNT.replace(
                    "folder=$1", "folder=$1\nIFS=$'\\n'"
                )
                .replace("$(ls $folder)", '$(ls "$folder")')
                .replace("$folder/$file)", '"$folder/$file")')
            }
        ),
    ),
    (
        "spaces-in-names",
        Solution(
            {
                "tools/linecount.sh": edit_one._LINECOUNT.replace(
                    "for file in $(ls $folder); do", "while IFS= read -r file; do"
                )
                .replace("$folder/$file)", '"$folder/$file")')
                .replace("done\n", 'done < <(ls -r "$folder")\n')
            }
        ),
    ),
    (
        "shared-limit",
        Solution(
            {
                **BY_NAME["shared-limit"].solution.files,
                "limits.py": '"""The limits."""\n\nMAX_BYTES = 5000000  # bytes\n',
                **edit(
                    "shared-limit",
                    "upload.py",
                    ("from limits import MAX_BYTES", "import limits"),
                    ("<= MAX", "<= limits.MAX"),
                    ("{MAX", "{limits.MAX"),
                ),
            }
        ),
    ),
    (
        "drop-old-python",
        Solution(
            {
                **BY_NAME["drop-old-python"].solution.files,
                **edit("drop-old-python", "pyproject.toml", ('">=3.10"', "'>= 3.10'")),
                **edit("drop-old-python", "README.md", ("3.10 or newer", "3.10+")),
                **edit(
                    "drop-old-python",
                    WORKFLOW,
                    (' ["3.10", "3.11"]', "\n          - '3.10'\n          - 3.11"),
                ),
            }
        ),
    ),
    (
        "drop-module",
        Solution(
            {
                **edit("drop-module", "main.py", ("widths\n\n\n", "widths\n\n")),
                **edit("drop-module", "README.md", ("- `README", "\n- `README")),
            },
            removed=("legacy_export.py",),
        ),
    ),
    ("make-stats", Solution(answer="rows: 80\nmean: 94.39\nmedian: 91.75\nlongest: 187.30")),
    ("exit-code", Solution(answer="Exit code **17** (there must be one sender).")),
    ("count-tests", Solution(answer="Fourteen tests ran; four failed, ten passed.")),
    ("count-tests", Solution(answer="- Tests run: 14\n- Failed: 4")),
    ("bad-order", Solution(answer="`A-2173`, because the sum doesn't fit.")),
    ("request-attempts", Solution(answer="`ATTEMPTS` in `src/api/client.js:6`... is six.")),
    ("zero-hours", Solution(answer='march.json says "time_spent" where february has "hours".')),
    ("port-variable", Solution(answer="ORCHID_SET_HTTP_PORT=8080 python3 server.py")),
    ("export-removed", Solution(answer="v3.8.0")),
    ("export-removed", Solution(answer="It was removed in version 3.8.")),
]

WRONG: list[tuple[str, Solution]] = [
    ("backup-script", Solution({"backup.sh": "mkdir -p backup\ncp notes/* backup/\n"})),
    ("backup-script", Solution({"backup.sh": "cp notes/*.txt backup/\n"})),
    ("backup-script", Solution({"backup.sh": "mkdir -p backup\nmv notes/*.txt backup/\n"})),
    (
        "backup-script",
        Solution(
            {"backup.sh": "mkdir -p backup\nfor f in $(ls notes/*.txt); do cp $f backup; done\n"}
        ),
    ),
    (
        "backup-script",
        Solution(
            {"backup.sh": "mkdir -p backup\ncp notes/monday.txt 'notes/shopping list.txt' backup\n"}
        ),
    ),
    ("team-table", Solution(edit("team-table", "data/team.csv", ("31", "thirty-one")))),
    ("team-table", Solution(edit("team-table", "data/team.csv", ("name,age,city\n", "")))),
    ("team-table", Solution({"team.csv": BY_NAME["team-table"].solution.files["data/team.csv"]})),
    ("discount-tests", Solution({"test_discount.py": "import discount\n"})),
    ("discount-tests", Solution(edit("discount-tests", "test_discount.py", (TEN, "")))),
    (
        "discount-tests",
        Solution(edit("discount-tests", "test_discount.py", ("(59, 0), 59", "(59, 50), 29.5"))),
    ),
    ("discount-tests", Solution(edit("discount-tests", "test_discount.py", ("101", "-1")))),
    ("discount-tests", Solution(edit("discount-tests", "test_discount.py", (", 90)", ", 10)")))),
    ("recipe-page", Solution(page(f"<h1>Recipes</h1><ul>{ALL_LINKS}</ul>"))),
    ("recipe-page", Solution(page(f"<h1>My Recipes</h1><ul>{ALL_LINKS}</ul>", title="Home"))),
    ("recipe-page", Solution(page(f"<h1>My Recipes</h1>{ALL_LINKS}"))),
    (
        "recipe-page",
        Solution(page(f"<h1>My Recipes</h1><ul>{links('soup.html', 'bread.html')}</ul>")),
    ),
    (
        "recipe-page",
        Solution(page(f"<h1>My Recipes</h1><ul>{ALL_LINKS.replace('the cake.html', '')}</ul>")),
    ),
    (
        "lint-script",
        Solution(edit("lint-script", "web/package.json", ('"vitest run",', '"vitest run"'))),
    ),
    ("lint-script", Solution(edit("lint-script", "web/package.json", ("eslint src", "eslint .")))),
    (
        "lint-script",
        Solution(edit("lint-script", "web/package.json", ('    "build": "vite build",\n', ""))),
    ),
    (
        "database-timeout",
        Solution(edit("database-timeout", "deploy/prod/server.ini", ("= 120", "= 2"))),
    ),
    (
        "database-timeout",
        Solution(edit("database-timeout", "deploy/prod/server.ini", ("= 30", "= 120"))),
    ),
    (
        "database-timeout",
        Solution(edit("database-timeout", "deploy/prod/server.ini", ("; Production.", ";"))),
    ),
    (
        "database-timeout",
        Solution(
            {
                **BY_NAME["database-timeout"].solution.files,
                **edit("database-timeout", "deploy/staging/server.ini", ("= 10", "= 120")),
            }
        ),
    ),
    ("last-piece", Solution(edit("last-piece", "shop/stock.py", ("== 0:", "<= 1:")))),
    (
        "last-piece",
        Solution({"shop/stock.py": FILTERED.replace("self._pieces[name] < pieces", "False")}),
    ),
    (
        "spaces-in-names",
        Solution(edit("spaces-in-names", "tools/linecount.sh", ("${file##*/}", "$file"))),
    ),
    (
        "spaces-in-names",
        Solution(edit("spaces-in-names", "tools/linecount.sh", ("    total=", "    sum="))),
    ),
    (
        "spaces-in-names",
        Solution(
            {
                "tools/linecount.sh": edit_one._LINECOUNT.replace(
                    "for file in $(ls $folder); do", "ls $folder | while IFS= read -r file; do"
                ).replace("$folder/$file)", '"$folder/$file")')
            }
        ),
    ),
    ("new-name", Solution(edit("new-name", "web/js/player.js") | edit("new-name", "README.md"))),
    (
        "new-name",
        Solution(
            BY_NAME["new-name"].solution.files | edit("new-name", "docs/faq.md", ("Finch", "Lark"))
        ),
    ),
    (
        "shared-limit",
        Solution(
            BY_NAME["shared-limit"].solution.files
            | {"upload.py": BY_NAME["shared-limit"].files["upload.py"]}
        ),
    ),
    (
        "shared-limit",
        Solution(
            BY_NAME["shared-limit"].solution.files
            | {
                "resize.py": "from limits import MAX_BYTES\n"
                + BY_NAME["shared-limit"].files["resize.py"]
            }
        ),
    ),
    (
        "shared-limit",
        Solution(
            {k: v for k, v in BY_NAME["shared-limit"].solution.files.items() if k != "limits.py"}
        ),
    ),
    (
        "drop-old-python",
        Solution(
            BY_NAME["drop-old-python"].solution.files
            | edit("drop-old-python", WORKFLOW, ('"3.10"', "3.10"))
        ),
    ),
    (
        "drop-old-python",
        Solution(
            BY_NAME["drop-old-python"].solution.files
            | edit("drop-old-python", WORKFLOW, ('["3.10"', '["3.10", "3.10"'))
        ),
    ),
    (
        "drop-old-python",
        Solution(
            BY_NAME["drop-old-python"].solution.files
            | edit("drop-old-python", "pyproject.toml", ("3.10", "3.11"))
        ),
    ),
    ("drop-module", Solution(BY_NAME["drop-module"].solution.files)),
    (
        "drop-module",
        Solution(edit("drop-module", "README.md"), removed=("legacy_export.py",)),
    ),
    (
        "drop-module",
        Solution(
            {
                **edit("drop-module", "README.md"),
                **edit("drop-module", "main.py", ("from columns import widths\n", "")),
            },
            removed=("legacy_export.py",),
        ),
    ),
    ("make-stats", Solution(answer="The median is 94.39.")),
    ("exit-code", Solution(answer="The exit code is 1.")),
    ("exit-code", Solution(answer="It ends with exit code 0.")),
    ("count-tests", Solution(answer="14 tests were run, 10 failed and 4 passed.")),
    ("count-tests", Solution(answer="7 tests were run and 4 failed.")),
    ("bad-order", Solution(answer="It stops at order A-2170.")),
    ("request-attempts", Solution(answer="In src/jobs/queue.js: MAX_RETRIES = 2.")),
    ("request-attempts", Solution(answer="In src/api/client.js: 8000.")),
    ("zero-hours", Solution(answer="The key hours is wrong: total reads it with a default of 0.")),
    ("port-variable", Solution(answer="Set ORCHID_HTTP_PORT.")),
    ("port-variable", Solution(answer="Set ORCHID_SET_METRICS_PORT.")),
    ("export-removed", Solution(answer="Since 3.5.0, where it was deprecated.")),
    ("export-removed", Solution(answer="Since 4.0.0.")),
]

# What each task of the kind "run" asks for: the command, and the facts that it shows.
SHOWN = {
    "make-stats": ("make stats", r"median: +91\.75\n", 0),
    "exit-code": ("sh scripts/check_env.sh", "there must be one sender", 17),
    "count-tests": ("python3 -m unittest discover tests", r"Ran 14 tests[^$]*failures=4\)", 1),
    "bad-order": ("python3 import_orders.py data/orders.csv", "A-2173: the sum", 1),
}


def _ids(cases: list[tuple[str, Solution]]) -> list[str]:
    return [f"{name}-{number}" for number, (name, _) in enumerate(cases)]


def _ends(task: Task, end: Solution, root: Path) -> bool:
    lay_out(task.files, root)
    end.apply(root)
    return task.passed(root, end.answer)


@pytest.mark.parametrize(("name", "end"), RIGHT, ids=_ids(RIGHT))
def test_another_right_end_is_taken(name: str, end: Solution, tmp_path: Path) -> None:
    assert _ends(BY_NAME[name], end, tmp_path) is True


@pytest.mark.parametrize(("name", "end"), WRONG, ids=_ids(WRONG))
def test_a_likely_wrong_end_is_refused(name: str, end: Solution, tmp_path: Path) -> None:
    assert _ends(BY_NAME[name], end, tmp_path) is False


@pytest.mark.parametrize("task", run.TASKS, ids=lambda task: task.name)
def test_what_is_run_shows_the_facts(task: Task, tmp_path: Path) -> None:
    command, facts, code = SHOWN[task.name]
    lay_out(task.files, tmp_path)
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True)
    assert re.search(facts, done.stdout + done.stderr)
    assert done.returncode == code


def test_the_checker_leaves_the_directory_as_it_was(tmp_path: Path) -> None:
    for task in TASKS:
        root = tmp_path / task.name
        root.mkdir()
        _ends(task, task.solution, root)
        assert all((root / path).read_text() == text for path, text in task.solution.files.items())
        assert task.passed(root, task.solution.answer)

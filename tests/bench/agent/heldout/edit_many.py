"""Held out: tasks that edit several files. Not for the eyes of those who tune."""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import absent, every, holds, json_is, prints, text_is, text_lacks
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


_CIRCLE = _d("""
    def area(r):
        return 3 * r * r
""")
_SPHERE = _d("""
    def volume(r):
        return 4 / 3 * 3 * r * r * r
""")

_DB_PY = 'DB_HOST = "localhost"\nDB_PORT = 5432\n'
_DB_ENV = "DB_HOST=localhost\nDB_PORT=5432\n"

_STATS = _d("""
    def mean(values):
        return sum(values) / len(values)
""")
_STATS_APP = _d("""
    from stats import mean

    print(mean([2, 4, 6]))
""")

_EN = '{\n  "hello": "Hello",\n  "bye": "Bye"\n}\n'
_FR = '{\n  "hello": "Bonjour",\n  "bye": "Au revoir"\n}\n'

_LOAD = _d("""
    def load(path):
        print("loading", path)
        return path
""")
_SAVE = _d("""
    def save(path):
        print("saving", path)
        return path
""")

_MIN = "def smallest(values):\n    return max(values)\n"
_MAX = "def largest(values):\n    return min(values)\n"

_INDEX = "<html>\n<head><title>Old Shop</title></head>\n<body><h1>Old Shop</h1></body>\n</html>\n"
_ABOUT = "<html>\n<head><title>About</title></head>\n<body><p>Old Shop</p></body>\n</html>\n"

TASKS: tuple[Task, ...] = (
    Task(
        name="use-math-pi",
        category="edit-many",
        prompt=(
            "circle.py and sphere.py both use 3 for pi. Make both use math.pi from the "
            "standard library."
        ),
        files={"circle.py": _CIRCLE, "sphere.py": _SPHERE},
        check=holds(
            "import math\nfrom circle import area\nfrom sphere import volume\n"
            "assert abs(area(2) - math.pi * 4) < 1e-9\n"
            "assert abs(volume(3) - 4 / 3 * math.pi * 27) < 1e-9"
        ),
        solution=Solution(
            {
                "circle.py": "import math\n\n\n" + _CIRCLE.replace("3 * r", "math.pi * r"),
                "sphere.py": "import math\n\n\n" + _SPHERE.replace("3 * 3 *", "3 * math.pi *"),
            }
        ),
        max_turns=10,
    ),
    Task(
        name="database-port",
        category="edit-many",
        prompt="The database moved to port 6543. Update settings.py and .env.",
        files={"settings.py": _DB_PY, ".env": _DB_ENV},
        check=every(
            text_is("settings.py", _DB_PY.replace("5432", "6543")),
            text_is(".env", _DB_ENV.replace("5432", "6543")),
        ),
        solution=Solution(
            {
                "settings.py": _DB_PY.replace("5432", "6543"),
                ".env": _DB_ENV.replace("5432", "6543"),
            }
        ),
        max_turns=10,
    ),
    Task(
        name="rename-mean",
        category="edit-many",
        prompt=("Rename the function mean in stats.py to average and change app.py accordingly."),
        files={"stats.py": _STATS, "app.py": _STATS_APP},
        check=every(
            prints("4.0", "app.py"),
            holds(
                "import stats\nassert stats.average([1, 3]) == 2\nassert not hasattr(stats, 'mean')"
            ),
            text_lacks("app.py", "mean"),
        ),
        solution=Solution(
            {
                "stats.py": _STATS.replace("mean", "average"),
                "app.py": _STATS_APP.replace("mean", "average"),
            }
        ),
        max_turns=10,
    ),
    Task(
        name="translations",
        category="edit-many",
        prompt=(
            'Add a key "thanks" to both translation files: "Thanks" in en.json and "Merci" in '
            "fr.json. Keep the other keys."
        ),
        files={"en.json": _EN, "fr.json": _FR},
        check=every(
            json_is("en.json", {"hello": "Hello", "bye": "Bye", "thanks": "Thanks"}),
            json_is("fr.json", {"hello": "Bonjour", "bye": "Au revoir", "thanks": "Merci"}),
        ),
        solution=Solution(
            {
                "en.json": '{"hello": "Hello", "bye": "Bye", "thanks": "Thanks"}\n',
                "fr.json": '{"hello": "Bonjour", "bye": "Au revoir", "thanks": "Merci"}\n',
            }
        ),
        max_turns=10,
    ),
    Task(
        name="remove-prints",
        category="edit-many",
        prompt=(
            "Remove the print lines from load.py and save.py. The functions must still return "
            "the path."
        ),
        files={"load.py": _LOAD, "save.py": _SAVE},
        check=every(
            holds(
                "from load import load\nfrom save import save\nassert load('a') == 'a' == save('a')"
            ),
            text_lacks("load.py", "print"),
            text_lacks("save.py", "print"),
        ),
        solution=Solution(
            {
                "load.py": "def load(path):\n    return path\n",
                "save.py": "def save(path):\n    return path\n",
            }
        ),
        max_turns=10,
    ),
    Task(
        name="swapped-functions",
        category="edit-many",
        prompt=(
            "smallest in low.py and largest in high.py are both wrong: each does what the other "
            "one should do. Fix both files."
        ),
        files={"low.py": _MIN, "high.py": _MAX},
        check=holds(
            "from low import smallest\nfrom high import largest\n"
            "assert smallest([4, 1, 7]) == 1 and largest([4, 1, 7]) == 7"
        ),
        solution=Solution(
            {"low.py": _MIN.replace("max(", "min("), "high.py": _MAX.replace("min(", "max(")}
        ),
        max_turns=10,
    ),
    Task(
        name="shop-name",
        category="edit-many",
        prompt='Replace "Old Shop" by "Corner Store" in all HTML files of this folder.',
        files={"index.html": _INDEX, "about.html": _ABOUT, "notes.txt": "Old Shop opened 1990\n"},
        check=every(
            text_is("index.html", _INDEX.replace("Old Shop", "Corner Store")),
            text_is("about.html", _ABOUT.replace("Old Shop", "Corner Store")),
            absent("index.html.bak"),
        ),
        solution=Solution(
            {
                "index.html": _INDEX.replace("Old Shop", "Corner Store"),
                "about.html": _ABOUT.replace("Old Shop", "Corner Store"),
            }
        ),
        kept=("notes.txt",),
        max_turns=10,
    ),
)

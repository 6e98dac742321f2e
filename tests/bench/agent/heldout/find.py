"""Held out: tasks that look for a fact and explain it. Not for the eyes of those who tune."""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import answer_has, every
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


_CLIENT = {
    "client/http.py": _d("""
        from client.retry import retrying

        TIMEOUT = 12


        @retrying
        def fetch(url):
            return url
    """),
    "client/retry.py": _d("""
        ATTEMPTS = 6


        def retrying(function):
            return function
    """),
    "client/cache.py": "SECONDS = 900\n",
}

_SERVER_LOG = "".join(
    f"2026-05-01 12:{n:02d}:00 {level} {words}\n"
    for n, (level, words) in enumerate(
        [
            ("INFO", "listening on 8080"),
            ("INFO", "GET /users 200"),
            ("WARN", "slow query 2.1s"),
            ("INFO", "GET /orders 200"),
            ("ERROR", "cannot write /var/lib/shop/orders.db"),
            ("INFO", "GET /health 200"),
            ("WARN", "slow query 3.7s"),
            ("INFO", "shutting down"),
        ]
    )
)

_DISCOUNT = _d("""
    def price(amount, member):
        if member and amount >= 80:
            return amount * 0.85
        if amount >= 200:
            return amount * 0.95
        return amount
""")

_MIGRATIONS = {
    "migrations/001_start.sql": (
        "CREATE TABLE suppliers (\n    id INTEGER,\n    name TEXT,\n    fax_number TEXT\n);\n"
    ),
    "migrations/002_parts.sql": "CREATE TABLE parts (\n    id INTEGER,\n    title TEXT\n);\n",
    "migrations/003_tidy.sql": "ALTER TABLE suppliers DROP COLUMN fax_number;\n",
    "migrations/004_weight.sql": "ALTER TABLE parts ADD COLUMN weight REAL;\n",
}

_COMPOSE = _d("""
    services:
      web:
        image: shop-web:3.2
        ports:
          - "8088:80"
      db:
        image: postgres:16
        volumes:
          - data:/var/lib/postgresql/data
      cache:
        image: valkey:8
""")

_CLASSES = _d("""
    class Shape:
        sides = 0


    class Triangle(Shape):
        sides = 3


    class Hexagon(Shape):
        sides = 6


    class Marker:
        colour = "red"
""")

_OWNERS = _d("""
    # path          owner
    /docs           maria
    /server/auth    tobias
    /server/db      ingrid
    /web            chen
""")

TASKS: tuple[Task, ...] = (
    Task(
        name="find-attempts",
        category="find",
        prompt=(
            "How many attempts does the client in the folder client make, and in which file is "
            "that set?"
        ),
        files=_CLIENT,
        check=answer_has(("6", "six"), "retry.py"),
        solution=Solution(answer="It makes 6 attempts; client/retry.py sets ATTEMPTS = 6."),
        kept=tuple(_CLIENT),
    ),
    Task(
        name="find-error-path",
        category="find",
        prompt="Which file could not be written according to server.log? Give its full path.",
        files={"server.log": _SERVER_LOG},
        check=answer_has("/var/lib/shop/orders.db"),
        solution=Solution(answer="/var/lib/shop/orders.db could not be written."),
        kept=("server.log",),
    ),
    Task(
        name="explain-discount",
        category="find",
        prompt=(
            "Read discount.py. What does a member pay for an amount of 100? Answer with the number."
        ),
        files={"discount.py": _DISCOUNT},
        check=answer_has(("85", "85.0", "85.00")),
        solution=Solution(answer="A member pays 85.0 for 100."),
        kept=("discount.py",),
    ),
    Task(
        name="find-dropped-column",
        category="find",
        prompt=(
            "One of the SQL files in migrations drops a column. Tell me the name of the file, the "
            "table and the column."
        ),
        files=_MIGRATIONS,
        check=answer_has(
            "003_tidy.sql", ("suppliers", "supplier"), ("fax_number", "fax number", "fax")
        ),
        solution=Solution(answer="migrations/003_tidy.sql drops fax_number from suppliers."),
        kept=tuple(_MIGRATIONS),
    ),
    Task(
        name="find-host-port",
        category="find",
        prompt=(
            "On which host port does the web service of compose.yaml listen, and which image "
            "does the cache use?"
        ),
        files={"compose.yaml": _COMPOSE},
        check=answer_has("8088", ("valkey:8", "valkey 8", "valkey")),
        solution=Solution(answer="The web service listens on host port 8088; cache is valkey:8."),
        kept=("compose.yaml",),
    ),
    Task(
        name="find-subclasses",
        category="find",
        prompt="Which classes in shapes.py inherit from Shape? Name them.",
        files={"shapes.py": _CLASSES},
        check=answer_has("Triangle", "Hexagon"),
        solution=Solution(answer="Triangle and Hexagon inherit from Shape."),
        kept=("shapes.py",),
    ),
    Task(
        name="find-owner",
        category="find",
        prompt="Who owns /server/db according to the file OWNERS, and who owns /web?",
        files={"OWNERS": _OWNERS},
        check=every(answer_has("Ingrid"), answer_has("Chen")),
        solution=Solution(answer="ingrid owns /server/db, chen owns /web."),
        kept=("OWNERS",),
    ),
)

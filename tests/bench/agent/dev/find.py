"""Development tasks in which something is found or explained; nothing may be changed."""

from __future__ import annotations

from tests.bench.agent.checks import answer_has
from tests.bench.agent.task import Solution, Task

_CLIENT = {
    "package.json": '{\n  "name": "harvest",\n  "version": "1.0.0",\n  "type": "module"\n}\n',
    "src/main.js": """\
import { fetchJson } from "./api/client.js";
import { Queue } from "./jobs/queue.js";

const queue = new Queue();
const fields = await fetchJson("/fields");
for (const field of fields) {
  queue.add(() => fetchJson(`/fields/${field.id}/yield`));
}
console.log(await queue.drain());
""",
    "src/api/client.js": """\
import { HttpError, isTemporary } from "./errors.js";

const BASE = "http://127.0.0.1:9200";
const TIMEOUT_MS = 8000;
const ATTEMPTS = 6;

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function once(path) {
  const response = await fetch(BASE + path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) {
    throw new HttpError(response.status, path);
  }
  return response.json();
}

export async function fetchJson(path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(path);
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTemporary(error)) {
        throw error;
      }
      await pause(250 * 2 ** attempt);
    }
  }
}
""",
    "src/api/errors.js": """\
export class HttpError extends Error {
  constructor(status, path) {
    super(`${path} answered ${status}`);
    this.status = status;
  }
}

export function isTemporary(error) {
  return error.name === "TimeoutError" || error.status === 429 || error.status >= 500;
}
""",
    "src/jobs/queue.js": """\
const MAX_RETRIES = 2;

export class Queue {
  #jobs = [];

  add(job) {
    this.#jobs.push({ job, retries: 0 });
  }

  async drain() {
    const results = [];
    while (this.#jobs.length > 0) {
      const entry = this.#jobs.shift();
      try {
        results.push(await entry.job());
      } catch (error) {
        if (entry.retries < MAX_RETRIES) {
          this.#jobs.push({ ...entry, retries: entry.retries + 1 });
        }
      }
    }
    return results;
  }
}
""",
}

_HOURS = {
    "report.py": """\
\"\"\"Prints the hours of a month: python3 report.py march\"\"\"

import json
import sys
from pathlib import Path


def load(month):
    return json.loads(Path("data", f"{month}.json").read_text())


def total(entries):
    return sum(entry.get("hours", 0) for entry in entries)


def main():
    month = sys.argv[1] if len(sys.argv) > 1 else "march"
    entries = load(month)
    print(f"{month}: {len(entries)} entries, {total(entries)} hours")


if __name__ == "__main__":
    main()
""",
    "data/february.json": """\
[
  {"day": 5, "who": "Ida", "hours": 3.5, "task": "seeds"},
  {"day": 12, "who": "Jon", "hours": 2, "task": "fence"},
  {"day": 26, "who": "Ida", "hours": 4, "task": "compost"}
]
""",
    "data/march.json": """\
[
  {"day": 2, "who": "Ida", "time_spent": 2.5, "task": "beds"},
  {"day": 3, "who": "Jon", "time_spent": 5, "task": "fence"},
  {"day": 9, "who": "Mia", "time_spent": 1, "task": "seeds"},
  {"day": 16, "who": "Jon", "time_spent": 3, "task": "roof"},
  {"day": 17, "who": "Ida", "time_spent": 6, "task": "beds"},
  {"day": 30, "who": "Mia", "time_spent": 2, "task": "water"}
]
""",
}

_SETTINGS = {
    "server.py": """\
from http.server import HTTPServer, SimpleHTTPRequestHandler

from orchid.settings import Settings


def main():
    settings = Settings.read("orchid.ini")
    address = settings.text("http", "host"), settings.number("http", "port")
    HTTPServer(address, SimpleHTTPRequestHandler).serve_forever()


if __name__ == "__main__":
    main()
""",
    "orchid.ini": "[http]\nport = 8000\n\n[metrics]\nport = 9100\n",
    "orchid/__init__.py": "",
    "orchid/settings.py": '''\
"""The settings: defaults, then the file, then the environment.

What comes later wins.
"""

import configparser
import os

APP = "orchid"

DEFAULTS = {
    "http": {"host": "127.0.0.1", "port": "8000", "workers": "2"},
    "metrics": {"host": "127.0.0.1", "port": "9100", "enabled": "no"},
    "log": {"level": "info", "file": ""},
}

YES = ("1", "yes", "true", "on")


class UnknownSetting(KeyError):
    """There is no setting of this name."""


def variable(section, key):
    """The environment variable that overrides a setting."""
    return "_".join((APP, "set", section, key)).upper()


class Settings:
    """All settings as text, by section and key."""

    def __init__(self, values):
        self._values = values

    @classmethod
    def read(cls, path, environ=os.environ):
        """Defaults, the file if there is one, and the environment."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_dict(DEFAULTS)
        parser.read(path)
        values = {}
        for section, defaults in DEFAULTS.items():
            for key in defaults:
                stored = parser.get(section, key)
                values[section, key] = environ.get(variable(section, key), stored)
        return cls(values)

    def text(self, section, key):
        """A setting as it stands."""
        try:
            return self._values[section, key]
        except KeyError:
            raise UnknownSetting(f"{section}.{key}") from None

    def number(self, section, key):
        """A setting that is a whole number."""
        return int(self.text(section, key))

    def switch(self, section, key):
        """A setting that is on or off."""
        return self.text(section, key).strip().lower() in YES

    def lines(self):
        """Every setting with its variable, for --show-settings."""
        return [
            f"{section}.{key} = {value}    ({variable(section, key)})"
            for (section, key), value in self._values.items()
        ]
''',
}

_CHANGES = """\
# Changelog

All notable changes of kiln. Newest first.

## 4.2.1 (2024-11-05)

### Fixed

- The preview keeps its place when the window gets smaller.
- Names with an umlaut are sorted where people look for them.

## 4.2.0 (2024-09-17)

### Added

- A dark theme.
- `kiln watch` builds again when a file changes.

### Changed

- The CSV import reads ten times as fast.

## 4.1.0 (2024-05-02)

### Added

- Glazes can be copied.
- Export to PDF, one page for each glaze.

### Fixed

- The export no longer forgets the last line.

## 4.0.2 (2024-02-20)

### Fixed

- A crash when there is no printer.
- Wrong totals for orders over two years.

## 4.0.0 (2024-01-15)

### Changed

- The project file is JSON now. Old files are converted when they are opened.
- Needs Python 3.10.

### Removed

- The old theme.

## 3.8.0 (2023-08-30)

### Added

- JSON import.

### Removed

- XML export, which was announced in 3.5.0. Use JSON.
- `kiln print`; the preview has a button for it.

## 3.7.1 (2023-06-11)

### Fixed

- XML export wrote the date in the wrong order.

## 3.7.0 (2023-04-04)

### Added

- Photos of a firing can be put into the journal.

### Removed

- CSV export of photos, which never worked.

## 3.5.0 (2022-12-12)

### Added

- JSON export.

### Deprecated

- XML export. It will go in one of the next versions.

## 3.4.0 (2022-10-01)

### Added

- Cones can be entered as temperatures.

### Changed

- XML export writes glazes first.

## 3.0.0 (2022-03-08)

### Added

- XML export.
- CSV import.

### Removed

- Windows 7.
"""

TASKS: tuple[Task, ...] = (
    Task(
        name="request-attempts",
        category="find",
        prompt=(
            "where is it defined how many times an http request is attempted before we give up, "
            "and how many is it? (file and number please)"
        ),
        files=_CLIENT,
        check=answer_has("client.js", ("6", "six")),
        solution=Solution(answer="In src/api/client.js: ATTEMPTS = 6."),
        kept=tuple(_CLIENT),
    ),
    Task(
        name="zero-hours",
        category="find",
        prompt=(
            "`python3 report.py march` says 0 hours although there are six entries, and for "
            "february it works. Can you explain to me what is wrong, and quote the wrong key from "
            "the data? Don't change any file, I want to understand it first."
        ),
        files=_HOURS,
        check=answer_has("time_spent"),
        solution=Solution(
            answer="The entries of march.json have the key time_spent; report.py reads hours."
        ),
        kept=tuple(_HOURS),
    ),
    Task(
        name="port-variable",
        category="find",
        prompt=(
            "Which environment variable do I have to set so that server.py listens on another "
            "port? I need its full name."
        ),
        files=_SETTINGS,
        check=answer_has("ORCHID_SET_HTTP_PORT"),
        solution=Solution(answer="Set ORCHID_SET_HTTP_PORT, for example to 8080."),
        kept=tuple(_SETTINGS),
    ),
    Task(
        name="export-removed",
        category="find",
        prompt="since which version is the xml export gone? look in the changelog",
        files={"docs/CHANGELOG.md": _CHANGES},
        check=answer_has(("3.8.0", "v3.8.0", "3.8", "v3.8")),
        solution=Solution(answer="Since 3.8.0: it was announced in 3.5.0 and removed in 3.8.0."),
        kept=("docs/CHANGELOG.md",),
    ),
)

"""``python -m edge``, the same as the ``codriver`` command."""

from edge.cli import run

if __name__ == "__main__":
    run()

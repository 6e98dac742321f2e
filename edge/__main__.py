"""``python -m edge`` and the ``codriver`` command."""

import sys

from edge.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

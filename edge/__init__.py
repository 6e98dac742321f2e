"""codriver: an edge appliance that keeps Claude Code and its kin working without a link.

The layers, top first, and what may import what are in pyproject.toml under
``tool.importlinter``; ARCHITECTURE.md traces one request through them.
"""

__version__ = "0.1.0"

"""Reads a configuration of claude-code-router and says it in codriver's own words.

Pure. Called by the command line; the result is held to what every configuration is.
"""

from edge.config.ccr.convert import Converted, convert
from edge.config.ccr.json5 import loads
from edge.config.ccr.write import as_toml

__all__ = ["Converted", "as_toml", "convert", "loads"]

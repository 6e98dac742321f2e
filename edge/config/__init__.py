"""Configuration: one TOML file, every key defaulted in a shipped one, frozen once read.

A Config holds no secret, only the paths of files that do.
"""

from edge.config.load import format_effective, load
from edge.config.places import state_directory
from edge.config.routes import LOCAL
from edge.config.secret import Secret, read_secret
from edge.config.settings import Config, CredentialFile, UpstreamSettings

__all__ = [
    "LOCAL",
    "Config",
    "CredentialFile",
    "Secret",
    "UpstreamSettings",
    "format_effective",
    "load",
    "read_secret",
    "state_directory",
]

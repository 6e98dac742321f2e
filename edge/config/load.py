"""The configuration file: shipped defaults, a person's file over them, checks, printing.

Reads files; knows no environment and no command line (the composition root replaces
values by what was said there). Called by app and cli.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.config.decode import decode, named_field
from edge.config.routes import LOCAL, with_routes
from edge.config.settings import Config, UplinkSettings, UpstreamSettings
from edge.errors import ConfigError

DEFAULTS = Path(__file__).parent.parent / "data" / "default.toml"

_UPSTREAM_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def load(path: Path | None) -> Config:
    """The defaults, with the file's keys over them. Raises ConfigError."""
    merged = _merge({"upstreams": {}}, _read(DEFAULTS))
    if path is not None:
        merged = _merge(merged, _read(path))
    file = path or DEFAULTS
    config = decode(Config, merged, file)
    for name, upstream in config.upstreams.items():
        _check_upstream(name, upstream, file)
    _check_uplink(config.uplink, file)
    _check_budget(config, file)
    return with_routes(config, file)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    except ValueError:  # what remains is Python's own limit to the digits of a whole number
        raise ConfigError(f"{path}: a number in it has too many digits") from None
    except RecursionError:
        raise ConfigError(f"{path}: its lists or tables are nested too deeply") from None


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` wins, except that a table over a table is merged."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _merge(under, value)
        else:
            merged[key] = value
    return merged


def _check_upstream(name: str, upstream: UpstreamSettings, file: Path) -> None:
    key = f"{file}: upstreams.{name}"
    if name == LOCAL or not _UPSTREAM_NAME.fullmatch(name):
        raise ConfigError(
            f'{key}: an upstream is named in a-z, 0-9, "-" and "_", and not "{LOCAL}"'
        )
    try:
        url = urlsplit(upstream.url)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{key}.url: expected http:// or https:// and a host")
    if url.username is not None or url.query or url.fragment:
        raise ConfigError(f"{key}.url: may hold a host and a path, no credential and no query")


def _check_uplink(uplink: UplinkSettings, file: Path) -> None:
    """A probe shows whatever stands in its URL to whoever answers."""
    text = uplink.probe_url
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if text and (not usable or url.username is not None):
        raise ConfigError(
            f"{file}: uplink.probe_url: expected http:// or https:// and a host, no credential"
        )
    if uplink.modem not in ("", "auto") and not uplink.modem.startswith("/"):
        raise ConfigError(f'{file}: uplink.modem: expected "auto" or the path of a device')


def _check_budget(config: Config, file: Path) -> None:
    for name in config.budget.upstreams:
        if name not in config.upstreams:
            near = difflib.get_close_matches(name, config.upstreams, n=1)
            hint = f"; did you mean budget.{near[0]}?" if near else ""
            raise ConfigError(f'{file}: budget.{name}: no upstream is called "{name}"{hint}')


def format_effective(config: Config) -> str:
    """``config`` as TOML that loads to the same again; holds no secret, as Config does not."""
    return "\n\n".join(_format_table(config, "")) + "\n"


def _format_table(value: Any, name: str) -> list[str]:
    """The tables below ``value``, each as a block of lines."""
    items = dict(value) if isinstance(value, Mapping) else _spread(value)
    tables = {key: item for key, item in items.items() if _is_table(item)}
    lines = [f"{_key(key)} = {_format(item)}" for key, item in items.items() if key not in tables]
    blocks = ["\n".join([f"[{name}]", *lines])] if lines else []
    for key, item in tables.items():
        blocks += _format_table(item, f"{name}.{key}" if name else key)
    return blocks


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _format(name)


def _is_table(item: Any) -> bool:
    """True for what gets a heading of its own; a credential stays on its line."""
    if isinstance(item, Mapping):
        return True
    return is_dataclass(item) and "file" not in _fields_of(item)


def _spread(value: Any) -> dict[str, Any]:
    """The fields as a person writes them: tables by their names are not inside another."""
    items = _fields_of(value)
    by_name = named_field(type(value))
    tables = items.pop(by_name) if by_name else {}
    return {**items, **tables}


def _fields_of(value: Any) -> dict[str, Any]:
    return {spec.name: getattr(value, spec.name) for spec in fields(value)}


def _format(item: Any) -> str:
    if item is None:
        return '""'
    if isinstance(item, tuple):
        return f"[{', '.join(_format(each) for each in item)}]"
    if is_dataclass(item):
        inside = ", ".join(f"{key} = {_format(each)}" for key, each in _fields_of(item).items())
        return f"{{ {inside} }}"
    if isinstance(item, Path):
        item = str(item)
    return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")

"""What the engines have done, in the text format that Prometheus reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from edge.state import EngineState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(engines: Iterable[tuple[str, EngineState]]) -> str:
    """One family a measure, one sample an engine; readiness first."""
    families: dict[str, list[str]] = {}
    for name, state in engines:
        _add(families, "engine_ready", name, float(state.ready))
        for measure, value in state.measures:
            _add(families, measure, name, value)
    return "".join(
        f"# TYPE codriver_{family} {_kind(family)}\n" + "".join(samples)
        for family, samples in families.items()
    )


def _add(families: dict[str, list[str]], family: str, engine: str, value: float) -> None:
    label = engine.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    families.setdefault(family, []).append(f'codriver_{family}{{engine="{label}"}} {value:.10g}\n')


def _kind(family: str) -> str:
    return "counter" if family.endswith("_total") else "gauge"

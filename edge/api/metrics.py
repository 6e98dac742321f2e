"""What the engines and the box have done, in the text format that Prometheus reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from edge.state import EngineState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(
    engines: Iterable[tuple[str, EngineState]], box: Iterable[tuple[str, float]] = ()
) -> str:
    """One family a measure, one sample an engine; readiness first. ``box``: the measures that
    are no engine's."""
    families: dict[str, list[str]] = {}
    for name, state in engines:
        _add(families, "engine_ready", name, float(state.ready))
        for measure, value in state.measures:
            _add(families, measure, name, value)
    for measure, value in box:
        families[measure] = [f"codriver_{measure} {value:.10g}\n"]
    return "".join(
        f"# TYPE codriver_{family} {_kind(family)}\n" + "".join(samples)
        for family, samples in families.items()
    )


def _add(families: dict[str, list[str]], family: str, engine: str, value: float) -> None:
    label = engine.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    families.setdefault(family, []).append(f'codriver_{family}{{engine="{label}"}} {value:.10g}\n')


def _kind(family: str) -> str:
    return "counter" if family.endswith("_total") else "gauge"

"""From measured values to published figures. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that at least `share` of them do not exceed: always one that was measured."""
    rank = -(-round(share * 1000) * len(ordered) // 1000)
    return ordered[max(0, rank - 1)]


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Median and 95th percentile of milliseconds, rounded to 0.1; empty gives nothing."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {"p50_ms": round(statistics.median(ordered), 1), "p95_ms": round(nearest_rank(ordered, 0.95), 1)}


def spread(values: Iterable[float]) -> dict[str, float]:
    """`percentiles` with how many values there are, the 99th percentile and the largest."""
    ordered = sorted(values)
    if not ordered:
        return {"n": 0}
    return {
        "n": len(ordered),
        **percentiles(ordered),
        "p99_ms": round(nearest_rank(ordered, 0.99), 1),
        "max_ms": round(ordered[-1], 1),
    }


def by_segment(turns: Iterable[Mapping[str, float]]) -> dict[str, list[float]]:
    """The values of each segment, in the order in which segments first appear."""
    found: dict[str, list[float]] = {}
    for turn in turns:
        for name, milliseconds in turn.items():
            found.setdefault(name, []).append(milliseconds)
    return found


def difference(before: int | None, after: int | None) -> int | None:
    """None where either is not known: that is not the same as 0."""
    return None if before is None or after is None else after - before


def cpu_shares(before: Mapping[str, float], after: Mapping[str, float], seconds: float, cores: int) -> dict[str, float]:
    """Share of the whole machine that each process has used between two readings of its CPU seconds."""
    room = max(1e-9, seconds * cores)
    return {name: round((after[name] - before.get(name, 0.0)) / room, 3) for name in after}


def p50(values: Sequence[float]) -> float:
    """Median, rounded to 0.1."""
    return round(statistics.median(values), 1)

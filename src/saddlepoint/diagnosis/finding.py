"""What a check says, and how it reads a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

Lines = Sequence[Mapping[str, Any]]

ENOUGH_LINES = 20
"""Log lines below which a trend is noise."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`sentence` says what looks wrong, by which number, and what to try; `evidence` holds the numbers."""

    severity: Literal["error", "warning"]
    name: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict[str, Any])


def scalars(events: Lines) -> Lines:
    """The lines that hold logged terms."""
    return [line for line in events if "event" not in line]


def series(events: Lines, term: str) -> dict[str, list[float]]:
    """One logged term over time for each player that logs it; values that were not finite are left out."""
    found: dict[str, list[float]] = {}
    for line in scalars(events):
        for key, value in line.items():
            player, slash, what = key.partition("/")
            if slash and what == term and value is not None:
                found.setdefault(player, []).append(float(value))
    return found


def quarters(values: Sequence[float]) -> tuple[float, float]:
    """Medians of the first and of the last quarter."""
    length = max(1, len(values) // 4)
    return median(values[:length]), median(values[-length:])


def latest(metrics: Lines, name: str) -> float | None:
    """A metric's newest value, if it was ever measured."""
    values = [line["value"] for line in metrics if line.get("metric") == name and line.get("value") is not None]
    return values[-1] if values else None

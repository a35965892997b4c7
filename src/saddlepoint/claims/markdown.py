"""Numbers and tables as markdown."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence


def spread(values: Iterable[float]) -> str:
    """The mean, with the standard deviation if there are several; infinite ones are counted."""
    found = list(values)
    if not found:
        return ""
    if endless := sum(math.isinf(value) for value in found):
        return "∞" if len(found) == 1 else f"∞ in {endless} of {len(found)}"
    mean = statistics.fmean(found)
    return _number(mean) + (f" ± {_number(statistics.stdev(found))}" if len(found) > 1 else "")


def mean(values: Iterable[float]) -> str:
    """Empty of none."""
    found = list(values)
    return _number(statistics.fmean(found)) if found else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table: its heads, the line below them, the rest."""
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"
